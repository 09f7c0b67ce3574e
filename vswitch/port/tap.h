/* SPDX-License-Identifier: BSD-3-Clause */
/* Queues of a TAP with the virtio-net header (IFF_VNET_HDR). All: main. */
#ifndef VSWITCH_PORT_TAP_H
#define VSWITCH_PORT_TAP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Opens one queue of the TAP; the first one makes the interface, whose name may be chosen by the
 * kernel. Thread's namespace decides where. A descriptor, or a negative errno with e filled. */
int tap_open(const char *ifname, bool multi, bool persist, struct err *e);

/* Says what we take from the kernel; a kernel without USO refuses the whole set, so it is asked
 * twice. Returns what it takes from us, enum port_cap. port: the name, for the log. */
uint32_t tap_set_offloads(int fd, const char *port, bool csum, bool tso);

#endif
