/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the headers, and checks a request for offload against them: what later stages and ports
 * do with a unit relies on lengths that are proved here. A frame without such a request is only
 * looked at as far as its Ethernet header, for that is all that switching it needs.
 */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

#include "packet/parse.h"

#include <rte_ether.h>

#define INTENT                                                                   \
	(RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG | \
	 RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6)
#define SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

enum word { HEADERS, UNIT, CSUM };
static const char *const words[] = {
	[HEADERS] = "{headers}, {len} bytes",
	[UNIT] = "{headers}, a unit of {len} bytes for segments of {segsz}",
	[CSUM] = "{headers}, {len} bytes, checksum to be completed",
};

/* Makes the request say what the headers say. false: it cannot be meant. */
static bool settle_intent(struct rte_mbuf *m, const struct pkt_headers *h)
{
	uint64_t flags = m->ol_flags & INTENT, want;
	uint16_t headers = h->l2_len + h->l3_len + h->l4_len;

	m->ol_flags &= ~INTENT;
	if (h->l4 != PKT_L4_TCP && h->l4 != PKT_L4_UDP)
		return false;
	want = h->l4 == PKT_L4_TCP ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
	want |= h->ip_version == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	if (flags & SEG) {
		if ((flags & SEG) !=
		    (h->l4 == PKT_L4_TCP ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG))
			return false;
		if (m->tso_segsz < PKT_SEGSZ_MIN || m->pkt_len <= headers ||
		    m->pkt_len > PKT_UNIT_MAX)
			return false;
		/* One segment's worth is a frame already. */
		if (m->pkt_len - headers > m->tso_segsz)
			want |= flags & SEG;
	}
	m->ol_flags |= want;
	return true;
}

/* The VLAN that vlan_in will give it; 0 when it will be dropped there. */
static uint16_t vlan_of(const struct pkt_burst *b, const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t vid = 0;

	if (m->data_len >= 18 && pkt_be16(data + 12) == RTE_ETHER_TYPE_VLAN)
		vid = pkt_be16(data + 14) & 0xfff;
	return vid ? vid : fwd_port(b, b->port)->pvid;
}

static enum pkt_drop parse_headers(struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m)
{
	uint32_t len = RTE_MIN(m->data_len, (uint16_t)PKT_PARSE_MAX);
	struct pkt_headers h = {0};
	int ret = pkt_parse(rte_pktmbuf_mtod(m, const uint8_t *), len, m->pkt_len, &h);
	enum word word = HEADERS;

	if (pkt_trace_wants(b))
		pkt_trace_mark(b, m, &h, vlan_of(b, m));
	if (ret != 0)
		return PKT_DROP_BAD_VLAN;
	m->l2_len = h.l2_len;
	m->l3_len = h.l3_len;
	m->l4_len = h.l4_len;
	if (m->ol_flags & INTENT) {
		if (!settle_intent(m, &h))
			return PKT_DROP_BAD_OFFLOAD;
		word = m->ol_flags & SEG ? UNIT : CSUM;
	}
	if (b->traced)
		pkt_trace_step(stage, b, m, word, 0, 0);
	return PKT_DROP_NONE;
}

static void parse_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	bool trace = pkt_trace_wants(b);
	uint16_t kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		enum pkt_drop drop = PKT_DROP_NONE;

		if (unlikely(m->data_len < sizeof(struct rte_ether_hdr)))
			drop = PKT_DROP_RUNT;
		else if (unlikely((m->ol_flags & INTENT) || trace))
			drop = parse_headers(stage, b, m);
		else
			m->tx_offload = sizeof(struct rte_ether_hdr); /* l2_len; the others 0 */
		if (unlikely(drop))
			pkt_drop(b->w, m, b->port, drop);
		else
			b->pkts[kept++] = m;
	}
	b->n = kept;
}

const struct pkt_stage_def parse_stage = {
	.name = "parse",
	.help = "find the headers; check offload requests against them",
	.process = parse_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
