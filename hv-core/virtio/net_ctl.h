/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest's driver sets by the control queue (virtio 1.2, 5.1.6.5), and the card's state in
 * a snapshot. Pure: what came from the guest or from a file is checked here and nothing else
 * happens.
 */
#ifndef HV_CORE_VIRTIO_NET_CTL_H
#define HV_CORE_VIRTIO_NET_CTL_H

#include "hv-core/state/state.h"

#define HV_NET_RINGS	 64
#define HV_NET_CTL_BYTES 2048 /* a longer command is refused: some 300 addresses */

struct hv_net_ctl {
	uint8_t mac[6];
	uint16_t pairs_max; /* as the guest was told; constant for hv_net_ctl_command() */
	uint16_t pairs;	    /* in use */
	bool promisc, allmulti;
	bool announce; /* the guest is asked to announce itself, and has not done so */
};

/* Carries out one command: class, number, and what belongs to it. False: the answer is an error,
 * and nothing changed. features: what the driver accepted. */
bool hv_net_ctl_command(struct hv_net_ctl *c, uint64_t features, const uint8_t *cmd, size_t bytes);

/* The card's own part of a snapshot: the above, and where each ring stands: base[i] as the ring's
 * form has it. rings <= HV_NET_RINGS. */
void hv_net_ctl_save(const struct hv_net_ctl *c, const uint32_t *base, unsigned int rings,
		     struct hv_out *out);
/* Reads that. pairs: of this card. *rings: how many bases there were. 0; -EINVAL: it is damaged, or
 * another card's; then what was read is not to be used. */
int hv_net_ctl_load(struct hv_net_ctl *c, unsigned int pairs, uint32_t *base, unsigned int *rings,
		    struct hv_in *in, struct err *e);

#endif
