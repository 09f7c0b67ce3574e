/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/mtu.h"

uint16_t mtu_in_force(uint16_t port_mtu, uint16_t bridge_mtu)
{
	if (port_mtu == 0 || port_mtu > bridge_mtu)
		return bridge_mtu;
	return port_mtu;
}
