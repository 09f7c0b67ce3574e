/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drivers that read a kernel's interface like a packet capture (net_af_packet, net_pcap,
 * net_af_xdp) get what the kernel has coalesced: several frames in one, larger than the MTU and cut
 * off where the driver's buffer ends. So coalescing is off while such a port is there. All: main.
 */
#ifndef VSWITCH_PORT_ETHDEV_GRO_H
#define VSWITCH_PORT_ETHDEV_GRO_H

#include <stdbool.h>
#include <stdint.h>

/* What was switched off, on which interface; index 0: nothing. */
struct ethdev_gro {
	unsigned int index;
	bool gro, lro;
};

/* Switches it off on the interface beneath the device, where its driver is of those. What cannot be
 * switched off is said. */
void ethdev_gro_off(struct ethdev_gro *g, const char *port, uint16_t dev);

/* As it was. */
void ethdev_gro_back(struct ethdev_gro *g);

#endif
