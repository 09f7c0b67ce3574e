/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moves frames from one guest's transmit ring into another guest's receive ring (virtio 1.2, split
 * ring), and of each frame only the virtio header and the first bytes: what a switch would do if
 * copying cost nothing. Rings and lengths come from guests and are checked; a guest that breaks
 * the rules stops its pair.
 */
#ifndef BENCH_TRAFFIC_MIRROR_RING_H
#define BENCH_TRAFFIC_MIRROR_RING_H

#include <rte_vhost.h>
#include <stdint.h>

/* The first bytes: what a receiver needs to know a frame or a unit by. */
enum { MIRROR_HEAD = 72, MIRROR_NET_HDR = 12 };

struct mirror_ring {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t size;	    /* a power of two */
	uint16_t next;	    /* the avail entry to take next */
	uint16_t used_next; /* the used entry to write next */
	const struct rte_vhost_memory *mem;
};

/* Moves what is there and fits, at most `max` frames. How many; -EBADMSG when a ring breaks the
 * rules. One thread a ring. */
int mirror_move(struct mirror_ring *from, struct mirror_ring *to, uint32_t max);

#endif
