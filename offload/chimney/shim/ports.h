/* SPDX-License-Identifier: BSD-3-Clause */
/* FLUE_CHIMNEY_PORTS: "80,443,8000-8100". Not set: all ports. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_PORTS_H
#define OFFLOAD_CHIMNEY_SHIM_PORTS_H

#include "offload/chimney/shim/sock.h"

/* Is one of the two ends' ports among them? */
bool chim_ports_want(const struct chim_name *local, const struct chim_name *peer);

/* The same of a text: is port in it? What is no list of ranges holds no port. */
bool chim_ports_hold(const char *text, uint16_t port);

#endif
