/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses a physical function lets in beside its own. A card with virtual functions switches
 * between all of them by address; a frame from a VF to a guest behind our switch comes to us only
 * when the card knows the guest's address as the PF's. Promiscuous mode does not stand in for that
 * on all cards: an 82576 then hands over what comes from the wire. All: main.
 */
#ifndef VSWITCH_PORT_ETHDEV_FILTER_H
#define VSWITCH_PORT_ETHDEV_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define ETHDEV_FILTER_MAX 128 /* cards have room for 16 to some hundreds */

struct ethdev_filter {
	unsigned int index; /* of the interface they were set on */
	unsigned int n;
	uint8_t mac[ETHDEV_FILTER_MAX][6];
	bool said; /* that not all have room */
};

/* Can the interface beneath the device ever have VFs? */
bool ethdev_filter_useful(uint16_t dev);

/* Makes f what the device's interface lets in: these n addresses, or none where the device is no PF
 * with VFs that the kernel drives. What the card refuses is said once. */
void ethdev_filter_set(struct ethdev_filter *f, const char *port, uint16_t dev,
		       const uint8_t (*mac)[6], unsigned int n);

#endif
