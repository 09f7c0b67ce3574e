/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/port.h"

struct port_env port_env;

void port_init(const struct port_env *env)
{
	port_env = *env;
}
