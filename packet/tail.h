/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A borrowed tail: the part of a packet that still lies in its sender's memory.
 *
 * Of a large packet from a guest only the first bytes, the headers, are copied into its mbuf. Where
 * the rest lies is a list of pieces, which the mbuf points to. So the rest is copied once, from one
 * guest's memory to the other's, and there is one mbuf a packet, which costs less than two.
 *
 * A packet with a tail has PKT_F_TAIL; its pkt_len counts the tail, its segments do not. Who needs
 * all bytes in segments (to cut it, to sum it, to hand it to a device) calls pkt_tail_settle(): the
 * pieces become external mbufs, still without a copy.
 *
 * The pieces are there until the burst in which the packet came is over, and not longer. A port
 * that is done with a packet only later takes a copy before that (port_ops.tx_burst). What is
 * borrowed is payload: its owner may change it at any time, so nothing is decided by what it holds.
 */
#ifndef PACKET_TAIL_H
#define PACKET_TAIL_H

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <stdint.h>

/* One of the dynamic flags, and a place for a pointer, reserved by pkt_tail_init(): constants, so
 * that the code that tests them is short. */
enum { PKT_TAIL_BIT = 38 };
#define PKT_F_TAIL (UINT64_C(1) << PKT_TAIL_BIT)

/* Contiguous bytes of somebody else's memory. */
struct pkt_piece {
	uint8_t *at;
	uint32_t len;
};

struct pkt_tail {
	const struct pkt_piece *pieces;
	uint32_t n;
	uint32_t len; /* bytes of all pieces; of each at most 65535 */
	/* Counts the mbufs that refer to the owner's memory, and itself. */
	struct rte_mbuf_ext_shared_info *owner;
};

/* Reserves the flag and the field. 0 or a negative errno: something else has them. Main, before any
 * packet is received. */
int pkt_tail_init(void);

#define PKT_TAIL_OFFSET RTE_ALIGN_CEIL(offsetof(struct rte_mbuf, dynfield1), sizeof(void *))

/* Worker. The tail outlives the burst; the mbuf has none yet. */
static inline void pkt_tail_set(struct rte_mbuf *m, const struct pkt_tail *tail)
{
	*RTE_MBUF_DYNFIELD(m, PKT_TAIL_OFFSET, const struct pkt_tail **) = tail;
	m->ol_flags |= PKT_F_TAIL;
}

/* NULL: it has none. Worker. */
static inline const struct pkt_tail *pkt_tail_of(const struct rte_mbuf *m)
{
	if (!(m->ol_flags & PKT_F_TAIL))
		return NULL;
	return *RTE_MBUF_DYNFIELD(m, PKT_TAIL_OFFSET, const struct pkt_tail *const *);
}

/* Turns the tail, if there is one, into segments of m. Of a packet that others refer to as well it
 * becomes theirs, too. pool: mbufs without data. 0, or -ENOMEM and nothing has changed. Worker. */
int pkt_tail_settle_slow(struct rte_mbuf *m, struct rte_mempool *pool);

static inline int pkt_tail_settle(struct rte_mbuf *m, struct rte_mempool *pool)
{
	return likely(!(m->ol_flags & PKT_F_TAIL)) ? 0 : pkt_tail_settle_slow(m, pool);
}

#endif
