/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * On bridges with `mss-clamp on`, lowers the segment size that a TCP SYN announces to what fits the
 * port it came from and the one it leaves by: what the receiver then sends must pass both. It
 * stands on the way out, where both are known, of flooded packets too; each copy gets its own.
 */
#include "pipelines/stages.h"

#include "jumbo/mss.h"
#include "vswitch/l2/fwd.h"

enum word { LOWERED };
static const char *const words[] = {
	[LOWERED] = "TCP SYN: segments of {a} bytes at most",
};

static void mss_clamp_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	struct pkt_counters *c = &b->w->counters[b->port];
	uint16_t kept = 0;

	if (likely(!fwd_bridge(b)->mss_clamp))
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		uint16_t mtu = RTE_MIN(fwd_mtu_out(fwd_port(b, m->port)),
				       fwd_mtu_out(fwd_port(b, b->port)));
		struct mss_syn syn;

		if (unlikely(mss_too_large(m, mtu, &syn))) {
			m = pkt_own_headers(b->w, m, syn.headers);
			if (unlikely(!m)) {
				pkt_count(c->drop[PKT_DROP_NO_MBUF], 1);
				continue;
			}
			mss_lower(m, &syn);
			pkt_count(c->mss_clamped, 1);
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, LOWERED, syn.mss, 0);
		}
		b->pkts[kept++] = m;
	}
	b->n = kept;
}

const struct pkt_stage_def mss_clamp_stage = {
	.name = "mss_clamp",
	.help = "lower the segment size that a TCP SYN announces, where the bridge is told to",
	.process = mss_clamp_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
