/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes each packet one that its way out can take: a unit goes whole to a port that takes units
 * and is segmented for one that does not; a checksum still open is completed for a port that
 * would not complete it. Nothing is dropped because an offload is missing. Here the burst grows.
 */
#include "pipelines/stages.h"

#include "offload/tso_lro/tso_split.h"
#include "packet/csum.h"
#include "packet/tail.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/port/port.h"

#include <rte_tcp.h>
#include <string.h>

#define SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

enum word { WHOLE, SPLIT, SUMMED };
static const char *const words[] = {
	[WHOLE] = "goes as it is",
	[SPLIT] = "{out} takes no units: split into {a} frames",
	[SUMMED] = "{out} completes no checksums: completed",
};

/* RFC 3168, 6.1.2. The headers were parsed: they are there. */
static bool has_cwr(const struct rte_mbuf *m)
{
	uint32_t at = m->l2_len + m->l3_len + offsetof(struct rte_tcp_hdr, tcp_flags);

	return at < m->data_len &&
	       (*rte_pktmbuf_mtod_offset(m, const uint8_t *, at) & RTE_TCP_CWR_FLAG);
}

/* The capabilities a port needs for this packet to go whole. */
static uint32_t needs(const struct rte_mbuf *m)
{
	uint32_t caps = m->ol_flags & RTE_MBUF_F_TX_L4_MASK ? PORT_CAP_CSUM : 0;

	if (m->ol_flags & RTE_MBUF_F_TX_TCP_SEG)
		caps |= m->ol_flags & RTE_MBUF_F_TX_IPV4 ? PORT_CAP_TSO4 : PORT_CAP_TSO6;
	if (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG)
		caps |= PORT_CAP_USO;
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) && has_cwr(m))
		caps |= PORT_CAP_ECN;
	return caps;
}

/* Puts the frames of m at the burst's end. */
static void split(struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m)
{
	struct pkt_counters *c = &b->w->counters[b->port];
	int n = pkt_tail_settle(m, b->w->header_pool);

	if (n == 0)
		n = tso_split(m, b->w->header_pool, &b->pkts[b->n], PKT_BURST_MAX - b->n);
	if (unlikely(n < 0)) {
		pkt_drop(b->w, m, b->port, n == -EINVAL ? PKT_DROP_BAD_OFFLOAD : PKT_DROP_NO_MBUF);
		return;
	}
	pkt_count(c->split_units, 1);
	pkt_count(c->split_frames, (uint64_t)n);
	b->n += (uint16_t)n;
}

static void complete(struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m)
{
	struct pkt_counters *c = &b->w->counters[b->port];

	m = pkt_own_headers(b->w, m, m->l2_len + m->l3_len + m->l4_len);
	if (unlikely(!m)) {
		pkt_count(c->drop[PKT_DROP_NO_MBUF], 1);
		return;
	}
	if (unlikely(pkt_tail_settle(m, b->w->header_pool) != 0)) {
		pkt_drop(b->w, m, b->port, PKT_DROP_NO_MBUF);
		return;
	}
	if (unlikely(pkt_csum_complete(m) != 0)) {
		pkt_drop(b->w, m, b->port, PKT_DROP_BAD_OFFLOAD);
		return;
	}
	pkt_count(c->csum_sw, 1);
	b->pkts[b->n++] = m;
}

/* The usual case, in few instructions. */
static bool nothing_asked(const struct pkt_burst *b)
{
	struct rte_mbuf *const *pkts = b->pkts;
	uint64_t asked = 0;

	for (uint16_t i = 0, n = b->n; i < n; i++)
		asked |= pkts[i]->ol_flags;
	return !(asked & (RTE_MBUF_F_TX_L4_MASK | SEG));
}

/* The burst holds at most PKT_RX_MAX packets here, and the runner saw to it that what they become
 * fits into it (pipe_egress()). */
static void adapt_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	const struct fwd_port *to = fwd_port(b, b->port);
	uint32_t caps = atomic_load_explicit(&to->port->tx_caps, memory_order_relaxed);
	struct rte_mbuf *in[PKT_RX_MAX];
	uint16_t n = b->n, first = 0;

	if (likely(nothing_asked(b) && !b->traced))
		return;
	/* Of a wire that loses some, each frame counts. */
	if (unlikely(to->impair.on))
		caps &= PORT_CAP_CSUM;
	while (first < n && !(needs(b->pkts[first]) & ~caps) && !b->traced)
		first++;
	if (first == n)
		return;
	memcpy(in, b->pkts, n * sizeof(in[0]));
	b->n = first;
	for (uint16_t i = first; i < n; i++) {
		struct rte_mbuf *m = in[i];
		uint32_t missing = needs(m) & ~caps;

		if (missing && (m->ol_flags & SEG)) {
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, SPLIT, tso_split_count(m), 0);
			split(stage, b, m);
		} else if (missing) {
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, SUMMED, 0, 0);
			complete(stage, b, m);
		} else {
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, WHOLE, 0, 0);
			b->pkts[b->n++] = m;
		}
	}
}

const struct pkt_stage_def adapt_stage = {
	.name = "adapt",
	.help = "segment and complete checksums where the port would not",
	.process = adapt_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
