/* SPDX-License-Identifier: BSD-3-Clause */
/* A frame as lro_merge() sees it, and whether it may be part of a unit at all. */
#ifndef OFFLOAD_TSO_LRO_LRO_FRAME_H
#define OFFLOAD_TSO_LRO_LRO_FRAME_H

#include "offload/tso_lro/lro_merge.h"
#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/parse.h"

#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <netinet/in.h>
#include <string.h>

enum {
	LRO_FIN = 0x01,
	LRO_SYN = 0x02,
	LRO_RST = 0x04,
	LRO_PSH = 0x08,
	LRO_URG = 0x20,
	LRO_CWR = 0x80,
	LRO_IPV4 = 20, /* bytes of the header without options */
	LRO_IPV6 = 40,
	LRO_IP_MAX = 65535, /* bytes of a unit with its IP header, as Linux' GRO_LEGACY_MAX_SIZE */
};

#define LRO_INTENT                                                               \
	(RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG | \
	 RTE_MBUF_F_TX_IP_CKSUM)

/* What a frame is to lro_merge(). */
enum lro_kind {
	LRO_OTHER,  /* of no TCP flow */
	LRO_UNSURE, /* it may belong to any TCP flow */
	LRO_TCP,    /* it belongs to a flow; `why` says whether it can be merged */
};

enum { LRO_MAY = PKT_MERGE_END_MAX }; /* lro_frame.why: nothing is against it */

struct lro_frame {
	const uint8_t *l2, *l3, *l4;
	uint32_t payload; /* bytes */
	uint32_t seq;
	uint8_t l2_len, l3_len, l4_len;
	uint8_t version; /* 4, 6 */
	uint8_t flags;
	uint8_t why; /* enum pkt_merge_end that it ends its flow's unit with; LRO_MAY */
};

/* Loads from any address. */
static inline uint16_t lro_16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t lro_32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t lro_64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t lro_be32(const uint8_t *p)
{
	return rte_be_to_cpu_32(lro_32(p));
}

/* Of an IPv4 header without options: the sum, not folded. */
static inline uint64_t lro_ipv4_sum(const uint8_t *l3)
{
	return (uint64_t)lro_32(l3) + lro_32(l3 + 4) + lro_32(l3 + 8) + lro_32(l3 + 12) +
	       lro_32(l3 + 16);
}

/* The pseudo-header's sum, not folded; l4_total: bytes of TCP header and payload. */
static inline uint64_t lro_pseudo_sum(const uint8_t *l3, uint8_t version, uint32_t l4_total)
{
	uint64_t sum = (uint64_t)rte_cpu_to_be_16(l4_total) + rte_cpu_to_be_16(IPPROTO_TCP);

	if (version == 4)
		return sum + lro_32(l3 + 12) + lro_32(l3 + 16);
	for (int i = 8; i < LRO_IPV6; i += 4)
		sum += lro_32(l3 + i);
	return sum;
}

/* May the mbuf's fields be written, and payload of it be appended to another chain? */
static inline bool lro_layout_ok(const struct rte_mbuf *m, uint32_t headers)
{
	if (unlikely(pkt_is_shared(m) || m->data_len <= headers))
		return false;
	if (likely(m->nb_segs == 1))
		return true;
	for (m = m->next; m != NULL; m = m->next)
		if (pkt_is_shared(m) || m->data_len == 0)
			return false;
	return true;
}

/* Can what the headers say of the frame be told again by those of a unit? */
static inline uint8_t lro_ipv4_why(const uint8_t *l3)
{
	/* Of the two ways to write a sum of nothing, only 0 would be written again. */
	if (unlikely(pkt_csum_fold(lro_ipv4_sum(l3)) != 0xffff || lro_16(l3 + 10) == 0xffff))
		return PKT_MERGE_CHECKSUM;
	return unlikely((l3[6] & 0x80) != 0) ? PKT_MERGE_IP_FLAGS : LRO_MAY;
}

static inline uint8_t lro_frame_why(const struct rte_mbuf *m, const struct lro_frame *f,
				    enum lro_mode mode)
{
	const uint8_t alone =
		LRO_SYN | LRO_RST | LRO_URG | LRO_CWR | (mode == LRO_RSC ? LRO_FIN : 0);

	if (unlikely((m->ol_flags & LRO_INTENT) != 0))
		return PKT_MERGE_INTENT;
	if (unlikely(f->l3_len != (f->version == 4 ? LRO_IPV4 : LRO_IPV6)))
		return PKT_MERGE_IP_OPTIONS;
	if (unlikely((f->flags & alone) != 0))
		return PKT_MERGE_CONTROL;
	if (f->payload == 0)
		return PKT_MERGE_NO_DATA;
	if (unlikely((uint32_t)f->l2_len + f->l3_len + f->l4_len + f->payload != m->pkt_len))
		return PKT_MERGE_PADDED;
	if (unlikely(!lro_layout_ok(m, f->l2_len + f->l3_len + f->l4_len)))
		return PKT_MERGE_LAYOUT;
	if (unlikely(lro_16(f->l4 + 16) == 0xffff))
		return PKT_MERGE_CHECKSUM;
	return f->version == 4 ? lro_ipv4_why(f->l3) : LRO_MAY;
}

/* Of a packet whose TCP header was not found: may there be one? In a fragment, behind headers that
 * are broken or not in one piece, or behind more extension headers than are looked at. */
static inline bool lro_may_be_tcp(const struct pkt_headers *h)
{
	if (h->ip_version == 0)
		return h->ether_type == 0x0800 || h->ether_type == 0x86dd;
	switch (h->proto) {
	case IPPROTO_TCP:
		return true;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
		return h->ip_version == 6;
	default:
		return false;
	}
}

/* Reads m's headers. */
static inline enum lro_kind lro_frame_read(const struct rte_mbuf *m, struct lro_frame *f,
					   enum lro_mode mode)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct pkt_headers h;
	uint32_t l3_total;

	if (unlikely(pkt_parse(data, RTE_MIN(m->data_len, (uint16_t)PKT_PARSE_MAX), m->pkt_len,
			       &h) != 0))
		return LRO_UNSURE;
	if (unlikely(h.l4 != PKT_L4_TCP))
		return lro_may_be_tcp(&h) ? LRO_UNSURE : LRO_OTHER;
	f->l2 = data;
	f->l3 = data + h.l2_len;
	f->l4 = f->l3 + h.l3_len;
	f->l2_len = h.l2_len;
	f->l3_len = h.l3_len;
	f->l4_len = h.l4_len;
	f->version = h.ip_version;
	l3_total = h.ip_version == 4 ? pkt_be16(f->l3 + 2) : LRO_IPV6 + pkt_be16(f->l3 + 4);
	f->payload = l3_total - h.l3_len - h.l4_len;
	f->seq = lro_be32(f->l4 + 4);
	f->flags = f->l4[13];
	f->why = lro_frame_why(m, f, mode);
	return LRO_TCP;
}

/* Is the TCP checksum right? */
static inline bool lro_frame_verify(const struct rte_mbuf *m, const uint8_t *l3, uint8_t version,
				    uint32_t l4_at, uint32_t l4_total)
{
	uint64_t said = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (said == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	return said != RTE_MBUF_F_RX_L4_CKSUM_BAD &&
	       pkt_csum_mbuf(m, l4_at, l4_total,
			     pkt_csum_fold(lro_pseudo_sum(l3, version, l4_total))) == 0xffff;
}

#endif
