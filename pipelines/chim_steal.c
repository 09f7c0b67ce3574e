/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes out what belongs to a TCP connection that is offloaded, or on its way there or back: the
 * engine gets it, or it waits; also the first of several fragments, and what has IP options, which
 * the engine refuses. All else of the connection's host (ARP, ICMP, other fragments) goes on to its
 * kernel. It stands behind learn, so that the FDB stays fresh, and before lookup, which sends
 * packets away.
 */
#include "pipelines/stages.h"

#include "offload/chimney/steer/flow.h"
#include "vswitch/l2/fwd.h"

enum word { PASSED, STOLEN, HELD, RELEASED };
static const char *const words[] = {
	[PASSED] = "not of a connection that is offloaded",
	[STOLEN] = "its connection is offloaded: it goes to the engine",
	[HELD] = "its connection is being handed over: it waits",
	[RELEASED] = "its connection was just given back: it goes behind what waited",
};

static enum word word_of(const struct flow *f)
{
	static const enum word of[] = {
		[FLOW_HOLDING] = HELD, [FLOW_STOLEN] = STOLEN, [FLOW_RELEASING] = RELEASED};
	struct flow_counts c;

	if (!f)
		return PASSED;
	flow_counts(f, &c);
	return of[c.mode];
}

static void chim_steal_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	struct flow_table *flows = b->w->fwd->flows;
	struct flow *found[PKT_RX_MAX];
	uint16_t kept = 0;

	if (likely(!flows || !flow_any(flows)))
		return;
	if (flow_find(flows, fwd_port(b, b->port)->bridge, b->pkts, b->n, found) == 0 && !b->traced)
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];

		if (unlikely(b->traced))
			pkt_trace_step(stage, b, m, word_of(found[i]), 0, 0);
		if (!found[i] || unlikely(!flow_take(found[i], b->w, &m)))
			b->pkts[kept++] = m;
	}
	b->n = kept;
}

const struct pkt_stage_def chim_steal_stage = {
	.name = "chim_steal",
	.help = "take out what belongs to a TCP connection that is offloaded",
	.process = chim_steal_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
