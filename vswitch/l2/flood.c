/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends a packet to every other port of its VLAN. All of them get the same mbuf, with a reference
 * for each: nothing is copied. A later stage that must write to a header makes one of its own
 * (pkt_own_headers()).
 */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

enum word { FLOODED };
static const char *const words[] = {
	[FLOODED] = "flooded to {a} ports of VLAN {vlan}",
};

static void flood(struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m)
{
	const struct fwd_port *in = fwd_port(b, b->port);
	const struct fwd_bridge *bridge = fwd_bridge(b);
	uint16_t to[FWD_PORTS_MAX], n = 0;

	for (uint16_t i = 0; i < bridge->n_members; i++)
		if (!fwd_may_leave(in, fwd_port(b, bridge->members[i]), m->vlan_tci & 0xfff))
			to[n++] = bridge->members[i];
	if (n == 0) {
		pkt_drop(b->w, m, b->port, PKT_DROP_NO_MEMBER);
		return;
	}
	if (unlikely(b->traced))
		pkt_trace_step(stage, b, m, FLOODED, n, 0);
	if (n > 1)
		rte_pktmbuf_refcnt_update(m, (int16_t)(n - 1));
	for (uint16_t i = 0; i < n; i++)
		pkt_out(b->w, m, to[i]);
}

static void flood_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	pkt_count(b->w->counters[b->port].flooded, b->n);
	for (uint16_t i = 0; i < b->n; i++)
		flood(stage, b, b->pkts[i]);
	b->n = 0;
}

const struct pkt_stage_def flood_stage = {
	.name = "flood",
	.help = "send to every other port of the VLAN",
	.process = flood_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
