/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a unit: opened with a first frame, others join, headers are written at its end. */
#ifndef OFFLOAD_TSO_LRO_LRO_UNIT_H
#define OFFLOAD_TSO_LRO_LRO_UNIT_H

#include "offload/tso_lro/lro_rules.h"

/* What is the same of the IPv4 headers of all frames of a unit: not length, id and checksum. */
static inline uint16_t lro_same_sum(const uint8_t *l3)
{
	return pkt_csum_fold((uint64_t)lro_16(l3) + lro_32(l3 + 6) + lro_32(l3 + 12) +
			     lro_32(l3 + 16));
}

/* How long a next frame of one mbuf may be. */
static inline void lro_unit_room(struct lro_unit *u)
{
	uint32_t left = LRO_IP_MAX - u->l3_len - u->l4_len - u->payload;

	u->room = likely(u->segs < LRO_SEGS_MAX) ? RTE_MIN(left, u->segsz) : 0;
}

static inline void lro_unit_open(struct lro *l, struct lro_unit *u, struct rte_mbuf *m,
				 const struct lro_frame *f)
{
	u->head = m;
	u->tail = likely(m->nb_segs == 1) ? m : rte_pktmbuf_lastseg(m);
	u->l2 = f->l2;
	u->l3 = f->l3;
	u->l4 = f->l4;
	u->mask = &l->mask[f->version == 6][LRO_L2_MAX - f->l2_len];
	u->payload = f->payload;
	u->next_seq = f->seq + f->payload;
	u->hdr_len = f->l2_len + f->l3_len + f->l4_len;
	u->segsz = f->payload;
	u->frames = 1;
	u->segs = m->nb_segs;
	u->id_step = 1;
	if (f->version == 4) {
		u->ip_id = pkt_be16(f->l3 + 4);
		u->next_id = u->ip_id + 1;
		u->ip_sum = lro_same_sum(f->l3);
	}
	u->l2_len = f->l2_len;
	u->l3_len = f->l3_len;
	u->l4_len = f->l4_len;
	u->version = f->version;
	u->flags = f->flags & LRO_PSH;
	u->verified = false;
	lro_unit_room(u);
}

/* Appends the frame's payload. */
static inline void lro_unit_join(struct lro_unit *u, struct rte_mbuf *m, const struct lro_frame *f)
{
	if (u->frames == 1 && u->version == 4) {
		uint16_t id = pkt_be16(f->l3 + 4);

		u->id_step = id - u->ip_id;
		u->next_id = id;
	}
	m->data_off += u->hdr_len;
	m->data_len -= u->hdr_len;
	u->tail->next = m;
	u->tail = likely(m->nb_segs == 1) ? m : rte_pktmbuf_lastseg(m);
	u->segs += m->nb_segs;
	u->payload += f->payload;
	u->next_seq += f->payload;
	u->next_id += u->id_step;
	u->frames++;
	u->flags |= f->flags & (LRO_PSH | LRO_FIN);
	lro_unit_room(u);
}

/* What the newest frame says counts. The head's headers are nobody else's. */
static inline void lro_unit_renew(struct lro_unit *u, const struct lro_frame *f)
{
	uint8_t *l3 = rte_pktmbuf_mtod_offset(u->head, uint8_t *, u->l2_len);
	uint8_t *l4 = l3 + u->l3_len;
	unsigned int hops = u->version == 4 ? 8 : 7;

	u->segsz = RTE_MAX(u->segsz, f->payload);
	l3[hops] = RTE_MIN(l3[hops], f->l3[hops]);
	memcpy(l4 + 8, f->l4 + 8, 4);
	memcpy(l4 + 14, f->l4 + 14, 2);
	memcpy(l4 + 20, f->l4 + 20, u->l4_len - 20);
}

static inline void lro_unit_count(const struct lro_unit *u, struct pkt_merge_counts *counts)
{
	enum pkt_merge_size class = 0;
	static const uint32_t most[PKT_MERGE_SIZE_MAX] = {
#define X(sym, name, bytes) [PKT_MERGE_##sym] = bytes,
		PKT_MERGE_SIZES(X)
#undef X
	};

	while (u->head->pkt_len > most[class])
		class ++;
	pkt_count(counts->units, 1);
	pkt_count(counts->frames[class], u->frames);
}

/* The headers of a unit of several frames, and the mbuf's side of it. */
static inline void lro_unit_write(struct lro_unit *u, struct pkt_merge_counts *counts)
{
	struct rte_mbuf *m = u->head;
	uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, u->l2_len), *l4 = l3 + u->l3_len;
	uint32_t l4_total = u->l4_len + u->payload;
	uint16_t total, sum;

	if (likely(u->version == 4)) {
		total = rte_cpu_to_be_16(u->l3_len + l4_total);
		memcpy(l3 + 2, &total, sizeof(total));
		memset(l3 + 10, 0, 2);
		sum = ~pkt_csum_fold(lro_ipv4_sum(l3));
		memcpy(l3 + 10, &sum, sizeof(sum));
		m->ol_flags |= RTE_MBUF_F_TX_IPV4 | (unlikely(u->id_step == 0) ? PKT_FIXED_ID : 0);
	} else {
		total = rte_cpu_to_be_16(l4_total);
		memcpy(l3 + 4, &total, sizeof(total));
		m->ol_flags |= RTE_MBUF_F_TX_IPV6;
	}
	l4[13] |= u->flags;
	sum = pkt_csum_fold(lro_pseudo_sum(l3, u->version, l4_total));
	memcpy(l4 + 16, &sum, sizeof(sum));
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG;
	m->tx_offload = 0;
	m->l2_len = u->l2_len;
	m->l3_len = u->l3_len;
	m->l4_len = u->l4_len;
	m->tso_segsz = u->segsz;
	/* With rsc, a few bytes that came in several frames may be one frame's worth. */
	if (unlikely(u->segsz < PKT_SEGSZ_MIN)) {
		m->tso_segsz = PKT_SEGSZ_MIN;
		if (u->payload <= PKT_SEGSZ_MIN)
			m->ol_flags &= ~RTE_MBUF_F_TX_TCP_SEG;
	}
	m->nb_segs = u->segs;
	m->pkt_len = u->l2_len + u->l3_len + l4_total;
	lro_unit_count(u, counts);
}

static inline void lro_unit_end(struct lro_unit *u, enum pkt_merge_end why,
				struct pkt_merge_counts *counts)
{
	pkt_count(counts->ended[why], 1);
	if (likely(u->frames > 1))
		lro_unit_write(u, counts);
	u->head = NULL;
	u->hdr_len = LRO_CLOSED;
}

#endif
