/* SPDX-License-Identifier: BSD-3-Clause */
/* MTUs of a DPDK device and of the kernel's interface beneath it. dev: DPDK's port number. All:
 * main. */
#ifndef VSWITCH_PORT_ETHDEV_MTU_H
#define VSWITCH_PORT_ETHDEV_MTU_H

#include "vswitch/port/port.h"

/* Sets the device's MTU. Many virtual devices have none of their own and take what comes: that is
 * no error, and *has says so. 0, or a negative errno with e filled. */
int ethdev_mtu_set(uint16_t dev, uint16_t mtu, bool *has, struct err *e);

/* As port_ops.mtu. */
void ethdev_mtu_read(uint16_t dev, bool has, struct port_mtu *out);

/* The index of the kernel's interface beneath the device, and its MTU. 0: there is none. */
unsigned int ethdev_mtu_beneath(uint16_t dev, uint32_t *mtu);

#endif
