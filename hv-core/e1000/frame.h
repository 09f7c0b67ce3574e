/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame, or a TCP unit, on its way out. Its first bytes are copied, so that headers can be
 * changed and are read once; the rest stays in guest memory until the wire copies it.
 */
#ifndef HV_CORE_E1000_FRAME_H
#define HV_CORE_E1000_FRAME_H

#include "hv-core/e1000/card.h"

#define E1000_TAG	 4u   /* bytes of a VLAN tag */
#define E1000_HEAD	 272u /* all that checksum offsets and header lengths of 8 bits reach */
#define E1000_PIECES	 256u /* descriptors with data; a frame of more is not sent */
#define E1000_UNIT_BURST 64u  /* frames of a unit sent at a time */

struct hv_e1000_frame {
	uint8_t front[E1000_TAG + E1000_HEAD]; /* the first E1000_TAG bytes: room for a tag */
	uint32_t head;			       /* bytes copied */
	uint32_t bytes;			       /* of the whole frame, without tag and FCS */
	uint64_t first, last; /* the second words of its first and its last descriptor */
	unsigned int n;
	struct iovec iov[1 + E1000_PIECES + 1]; /* [0]: the head; [1, n]: the rest; then padding */
};

enum hv_e1000_sent {
	E1000_SENT,    /* or thrown away: it is dealt with */
	E1000_PARTLY,  /* a part of a unit, c->unit_done says how much; call again */
	E1000_NO_ROOM, /* nothing; the wire is full */
};

/* From iov[1, n] as they lie in guest memory and `bytes`: makes the head. */
void hv_e1000_frame_head(struct hv_e1000_frame *f);

/* Tags, pads and sends it. iov[0] is head bytes at front + E1000_TAG; iov[n + 1] is free. */
bool hv_e1000_frame_put(struct hv_e1000_card *c, uint8_t *front, uint32_t bytes, uint64_t last,
			struct iovec *iov, unsigned int n, struct virtio_net_hdr *hdr);

/* Does what the descriptors ask for and sends it. */
enum hv_e1000_sent hv_e1000_frame_send(struct hv_e1000_card *c, struct hv_e1000_frame *f);
enum hv_e1000_sent hv_e1000_unit_send(struct hv_e1000_card *c, struct hv_e1000_frame *f);

#endif
