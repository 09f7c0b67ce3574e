/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of one split virtqueue (virtio 1.2, 2.7) whose buffers are all alike and belong
 * to their descriptor for good: number i is HV_LINK_BUF bytes at buf + i * HV_LINK_BUF.
 *
 * The other side shares desc, avail, used and buf, and is not trusted. What it says is read once
 * and checked against what is kept here; nothing is ever read back from desc or avail. One thread
 * at a time.
 */
#ifndef HV_CORE_VHOST_LINK_RING_H
#define HV_CORE_VHOST_LINK_RING_H

#include "hv-core/vhost/link.h"

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#define HV_LINK_RING 1024u /* descriptors */
#define HV_LINK_BUF  2048u /* bytes */

struct hv_link_ring {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint8_t *buf;
	uint64_t buf_gpa; /* what the other side knows buf as */
	bool broken;	  /* it said what cannot be; nothing is done any more */
	bool mergeable;	  /* receive: num_buffers means something */

	uint16_t avail_idx, used_seen;
	uint16_t free_n, free_head;
	uint16_t next[HV_LINK_RING];
	uint16_t chain[HV_LINK_RING]; /* descriptors of the chain that begins here; 0: it is ours */

	struct hv_link_frame frame; /* receive: what peek() gave */
	uint16_t taken[HV_LINK_PIECES], taken_n;
};

/* Bytes of the three areas together, and where they lie from a 4096-aligned p on. */
#define HV_LINK_RING_BYTES 32768u
void hv_link_ring_place(struct hv_link_ring *q, void *p, uint8_t *buf, uint64_t buf_gpa);

/* Empty; nothing is with the other side, which must not be running. */
void hv_link_ring_reset(struct hv_link_ring *q);
/* Receive: gives the other side all buffers that are ours. */
void hv_link_ring_fill(struct hv_link_ring *q);

/* Transmit: copies header and frame into buffers. False when there is no room now. */
bool hv_link_ring_send(struct hv_link_ring *q, const struct iovec *iov, unsigned int n,
		       const struct virtio_net_hdr *hdr);
/* Receive: the oldest frame, the same until it is dropped. False: there is none. */
bool hv_link_ring_peek(struct hv_link_ring *q, struct hv_link_frame *f);
void hv_link_ring_drop(struct hv_link_ring *q);

/* Does the other side want to be told of what was made available? */
bool hv_link_ring_wants_kick(const struct hv_link_ring *q);
/* Asks to be told of what is used, or not to be (2.7.7). */
void hv_link_ring_want_call(struct hv_link_ring *q, bool want);
bool hv_link_ring_has_used(const struct hv_link_ring *q);

#endif
