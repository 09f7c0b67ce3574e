/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that lie over several buffers, as a guest without large ones sends them. The driver gives
 * buffers back one by one, and each holds the pattern of its own place in a frame. So the further
 * buffers of a frame belong to its first one for good: a reference to each is kept, the driver
 * frees the other, and only the first goes back to its pool.
 */
#ifndef BENCH_TRAFFIC_CHAIN_H
#define BENCH_TRAFFIC_CHAIN_H

#include "base/err.h"

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

enum { CHAIN_BUFFER = 2048 };

/* Where in an mbuf the first of its further buffers stands; before chain_give() has run, nowhere.
 */
extern int chain_field;

/* How many buffers a frame of so many bytes takes beyond its first. */
static inline uint32_t chain_more(uint32_t bytes)
{
	return bytes > CHAIN_BUFFER ? (bytes - 1) / CHAIN_BUFFER : 0;
}

/* Gives each buffer of a pool of frames as many further ones from `tails` as the largest frame
 * needs, with the pattern in them. Main, once for each pool. -ENOMEM. */
int chain_give(struct rte_mempool *frames, struct rte_mempool *tails, uint32_t more, struct err *e);

/* Lays a frame over the buffer and those that belong to it. The first buffer as it came from its
 * pool. Worker. */
static inline void chain_lay(struct rte_mbuf *m, uint32_t bytes)
{
	struct rte_mbuf *last = m, *next = *RTE_MBUF_DYNFIELD(m, chain_field, struct rte_mbuf **);
	uint32_t left = bytes - CHAIN_BUFFER;

	m->data_len = CHAIN_BUFFER;
	m->pkt_len = bytes;
	while (left > 0) {
		struct rte_mbuf *after = *RTE_MBUF_DYNFIELD(next, chain_field, struct rte_mbuf **);

		/* One for the driver, one for us. */
		rte_mbuf_refcnt_set(next, 2);
		next->data_len = (uint16_t)RTE_MIN(left, (uint32_t)CHAIN_BUFFER);
		left -= next->data_len;
		last->next = next;
		last = next;
		next = after;
		m->nb_segs++;
	}
	last->next = NULL;
}

/* Takes a frame apart that nobody took. Worker. */
static inline void chain_undo(struct rte_mbuf *m)
{
	for (struct rte_mbuf *s = m->next; s; s = s->next)
		rte_mbuf_refcnt_set(s, 1);
	m->next = NULL;
	m->nb_segs = 1;
}

/* Writes bytes into a chain that has them, from place `at`. Worker. */
void chain_write(struct rte_mbuf *m, uint32_t at, const uint8_t *from, uint32_t n);

#endif
