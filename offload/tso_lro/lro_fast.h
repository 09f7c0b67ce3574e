/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way for what most frames are: the next of a unit whose headers say the same as its
 * first's, byte for byte, but for lengths, ids, sequence numbers and checksums. One masked
 * comparison of all headers tells that; it stands for the flow's key, for the lengths of headers
 * and for the rules, so that none of these is looked at by itself. A frame for which it says no
 * takes the long way, which knows why.
 *
 * Which unit to compare with is a guess, from the bytes where the ports usually are; a wrong guess
 * costs time and no more.
 */
#ifndef OFFLOAD_TSO_LRO_LRO_FAST_H
#define OFFLOAD_TSO_LRO_LRO_FAST_H

#include "offload/tso_lro/lro_unit.h"

enum { LRO_FAST_MIN = 14 + LRO_IPV6 + 4 }; /* bytes that are read before the headers are known */

/* 16 bytes at any address. */
typedef uint64_t lro_lanes __attribute__((vector_size(16), aligned(1), may_alias));

/* Where the unit of a frame with these bytes may be remembered. */
static inline uint8_t *lro_guess(struct lro *l, const uint8_t *data)
{
	/* 0x0800 or 0x86dd, read as it lies */
	uint32_t ports = lro_32(data + (data[12] == 0x86 ? 14 + LRO_IPV6 : 14 + LRO_IPV4));

	return &l->guess[(ports * UINT32_C(0x9e3779b1)) >> (32 - LRO_GUESS_BITS)];
}

/* Do the headers differ in what may not? */
static inline bool lro_headers_differ(const struct lro_unit *u, const uint8_t *data)
{
	const uint32_t last = u->hdr_len - sizeof(lro_lanes);
	lro_lanes diff = {0, 0};

	for (uint32_t i = 0; i < last; i += sizeof(lro_lanes))
		diff |= (*(const lro_lanes *)(data + i) ^ *(const lro_lanes *)(u->l2 + i)) &
			*(const lro_lanes *)(u->mask + i);
	diff |= (*(const lro_lanes *)(data + last) ^ *(const lro_lanes *)(u->l2 + last)) &
		*(const lro_lanes *)(u->mask + last);
	return (diff[0] | diff[1]) != 0;
}

/* What the comparison leaves out of the IPv4 header; l3_total: bytes it should say. */
static inline uint32_t lro_fast_ipv4(const struct lro_unit *u, const uint8_t *l3, uint32_t l3_total)
{
	uint16_t total = lro_16(l3 + 2), id = lro_16(l3 + 4), check = lro_16(l3 + 10);
	/* Four numbers below 2^16: folded once, a right sum is 0xffff. */
	uint32_t sum = (uint32_t)u->ip_sum + total + id + check;

	return (total ^ rte_cpu_to_be_16(l3_total)) | (id ^ rte_cpu_to_be_16(u->next_id)) |
	       (((sum >> 16) + (sum & 0xffff)) ^ 0xffff) | (check == 0xffff);
}

/* Is m alone in its buffer, nobody else's, and without requests? Its count of users and its number
 * of segments lie side by side, and are read together. */
static inline uint64_t lro_fast_mbuf(const struct rte_mbuf *m)
{
	const uint64_t not_plain = LRO_INTENT | RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	uint32_t ones;

	_Static_assert(offsetof(struct rte_mbuf, nb_segs) == offsetof(struct rte_mbuf, refcnt) + 2,
		       "nb_segs follows refcnt");
	memcpy(&ones, &m->refcnt, sizeof(ones));
	return (m->ol_flags & not_plain) | (ones ^ 0x00010001);
}

/* Fills f and returns the flow, when m goes on with the flow's open unit, but for TCP checksums;
 * else NULL. */
static inline struct lro_flow *lro_fast(struct lro *l, const struct rte_mbuf *m,
					struct lro_frame *f, enum lro_mode mode)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t len = m->data_len;
	struct lro_flow *w;
	struct lro_unit *u;
	uint64_t no;

	if (unlikely(len < LRO_FAST_MIN))
		return NULL;
	w = &l->flows[*lro_guess(l, data)];
	u = &w->unit;
	if (unlikely(len <= u->hdr_len))
		return NULL;
	f->l2 = data;
	f->l3 = data + u->l2_len;
	f->l4 = f->l3 + u->l3_len;
	f->payload = len - u->hdr_len;
	no = lro_fast_mbuf(m) | (m->vlan_tci ^ w->key.vlan_tci) |
	     (lro_be32(f->l4 + 4) ^ u->next_seq) | (f->payload > u->room) |
	     (lro_16(f->l4 + 16) == 0xffff);
	if (likely(u->version == 4))
		no |= lro_fast_ipv4(u, f->l3, len - u->l2_len);
	else
		no |= lro_16(f->l3 + 4) ^ rte_cpu_to_be_16(len - u->l2_len - LRO_IPV6);
	if (unlikely(no != 0) || unlikely(lro_headers_differ(u, data)))
		return NULL;
	f->flags = f->l4[13];
	if (mode == LRO_RSC && unlikely((f->flags & LRO_FIN) != 0))
		return NULL;
	f->l2_len = u->l2_len;
	f->l3_len = u->l3_len;
	f->l4_len = u->l4_len;
	f->version = u->version;
	f->why = LRO_MAY;
	return w;
}

#endif
