/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/tso_lro/lro_merge.h"

#include "offload/tso_lro/lro_fast.h"

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

enum { AHEAD = 4 }; /* frames whose headers are fetched before they are needed */

/* Which bits of the headers, that is of layer 2 and behind it, a unit's frames have in common. */
static void fill_mask(uint8_t *mask, uint32_t l3_len)
{
	uint8_t *l3 = mask + LRO_L2_MAX, *l4 = l3 + l3_len;

	memset(mask, 0xff, LRO_HEADERS_MAX);
	if (l3_len == LRO_IPV4) {
		memset(l3 + 2, 0, 4);
		memset(l3 + 10, 0, 2);
	} else {
		memset(l3 + 4, 0, 2);
	}
	memset(l4 + 4, 0, 4);
	l4[13] = (uint8_t) ~(LRO_PSH | LRO_FIN);
	memset(l4 + 16, 0, 2);
}

struct lro *lro_new(void)
{
	struct lro *l = rte_zmalloc("lro", sizeof(*l), _Alignof(struct lro));

	if (l == NULL)
		return NULL;
	l->flows[LRO_BURST_MAX].unit.hdr_len = LRO_CLOSED;
	fill_mask(l->mask[0], LRO_IPV4);
	fill_mask(l->mask[1], LRO_IPV6);
	/* No cryptography: it only has to differ from one start to the next. */
	l->secret[0] = rte_rdtsc() * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)l;
	l->secret[1] = (l->secret[0] ^ l->secret[0] >> 29) * UINT64_C(0xbf58476d1ce4e5b9) | 1;
	return l;
}

void lro_free(struct lro *l)
{
	rte_free(l);
}

static void end_all(struct lro *l, enum pkt_merge_end why, struct pkt_merge_counts *counts)
{
	for (uint16_t i = 0; i < l->n; i++)
		if (l->flows[i].unit.head != NULL)
			lro_unit_end(&l->flows[i].unit, why, counts);
}

/* A frame can be a unit's first where another may follow it. */
static inline bool may_open(const struct lro_frame *f, enum lro_mode mode)
{
	if (f->why != LRO_MAY)
		return false;
	if (mode == LRO_RSC)
		return lro_only_timestamp(f->l4, f->l4_len);
	return (f->flags & (LRO_PSH | LRO_FIN)) == 0 && f->payload >= PKT_SEGSZ_MIN;
}

/* Are the checksums right of all that would be the unit? The first frame's is looked at when there
 * is a second. A frame whose own is wrong opens no unit either. */
static inline bool sums_good(struct lro_unit *u, const struct rte_mbuf *m, struct lro_frame *f)
{
	if (!u->verified) {
		u->verified = lro_frame_verify(u->head, u->l3, u->version, u->l2_len + u->l3_len,
					       u->l4_len + u->payload);
		if (unlikely(!u->verified))
			return false;
	}
	if (likely(lro_frame_verify(m, f->l3, f->version, f->l2_len + f->l3_len,
				    f->l4_len + f->payload)))
		return true;
	f->why = PKT_MERGE_CHECKSUM;
	return false;
}

/* The frame, which fits, becomes part of the unit; or false, and the unit is to be ended. */
static inline bool join(struct lro_unit *u, struct rte_mbuf *m, struct lro_frame *f,
			enum lro_mode mode, struct pkt_merge_counts *counts)
{
	if (unlikely(!sums_good(u, m, f)))
		return false;
	lro_unit_join(u, m, f);
	if (mode == LRO_RSC)
		lro_unit_renew(u, f);
	else if (unlikely((f->flags & (LRO_PSH | LRO_FIN)) != 0))
		lro_unit_end(u, PKT_MERGE_PUSH, counts);
	else if (unlikely(f->payload < u->segsz))
		lro_unit_end(u, PKT_MERGE_SHORT, counts);
	return true;
}

/* Does the frame go on with the open unit? If not, that is ended. */
static bool try_join(struct lro_unit *u, struct rte_mbuf *m, struct lro_frame *f,
		     enum lro_mode mode, struct pkt_merge_counts *counts)
{
	bool fits = mode == LRO_RSC ? lro_fits_rsc(u, f) : lro_fits_reversible(u, f);

	if (f->why != LRO_MAY)
		lro_unit_end(u, f->why, counts);
	else if (!fits || !lro_room(u, f, m->nb_segs))
		lro_unit_end(u, lro_why_not(u, f, m->nb_segs, mode), counts);
	else if (join(u, m, f, mode, counts))
		return true;
	else
		lro_unit_end(u, PKT_MERGE_CHECKSUM, counts);
	return false;
}

/* One frame, whatever it is. true: it is part of a unit now; false: it goes on itself. */
static __attribute__((noinline)) bool take(struct lro *l, struct rte_mbuf *m, enum lro_mode mode,
					   struct pkt_merge_counts *counts)
{
	struct lro_flow *w;
	struct lro_frame f;

	switch (lro_frame_read(m, &f, mode)) {
	case LRO_OTHER:
		return false;
	case LRO_UNSURE:
		end_all(l, PKT_MERGE_FRAGMENT, counts);
		return false;
	case LRO_TCP:
		break;
	}
	w = lro_flow_of(l, m, &f, may_open(&f, mode));
	if (w == NULL)
		return false;
	if (w->unit.head != NULL && try_join(&w->unit, m, &f, mode, counts))
		return true;
	if (may_open(&f, mode)) {
		lro_unit_open(l, &w->unit, m, &f);
		if (m->data_len >= LRO_FAST_MIN)
			*lro_guess(l, f.l2) = w - l->flows;
	}
	return false;
}

/* The same; what most frames are is seen here. */
static inline bool take_fast(struct lro *l, struct rte_mbuf *m, enum lro_mode mode,
			     struct pkt_merge_counts *counts)
{
	struct lro_frame f;
	struct lro_flow *w = lro_fast(l, m, &f, mode);

	if (likely(w != NULL) && likely(join(&w->unit, m, &f, mode, counts)))
		return true;
	return take(l, m, mode, counts);
}

static inline __attribute__((always_inline)) uint16_t merge(struct lro *l, enum lro_mode mode,
							    struct rte_mbuf **pkts, uint16_t n,
							    struct pkt_merge_counts *counts)
{
	uint16_t kept = 0;

	lro_flows_clear(l);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (likely(i + AHEAD < n)) {
			const uint8_t *next = rte_pktmbuf_mtod(pkts[i + AHEAD], const uint8_t *);

			rte_prefetch0(next);
			rte_prefetch0(next + 64); /* where a timestamp option ends */
		}
		if (!take_fast(l, m, mode, counts))
			pkts[kept++] = m;
	}
	end_all(l, PKT_MERGE_BURST, counts);
	pkt_count(counts->looked, n);
	return kept;
}

uint16_t lro_merge(struct lro *l, enum lro_mode mode, struct rte_mbuf **pkts, uint16_t n,
		   struct pkt_merge_counts *counts)
{
	if (mode == LRO_RSC)
		return merge(l, LRO_RSC, pkts, n, counts);
	return merge(l, LRO_REVERSIBLE, pkts, n, counts);
}
