/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mirror of adapt: what came from a device in frames, because a wire has no larger ones, goes
 * on in units to a port that takes them. It stands behind mtu_check, which looks at frames, and
 * before adapt: should the port take no units any more by then, they become the same frames again.
 */
#include "pipelines/stages.h"

#include "offload/tso_lro/lro_merge.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/port/port.h"

#include <string.h>

_Static_assert(PKT_RX_MAX <= (int)LRO_BURST_MAX, "lro_merge() takes what leaves together");

enum word { ALONE, UNIT, JOINED };
static const char *const words[] = {
	[ALONE] = "not merged with another",
	[UNIT] = "first of a unit of {a} bytes, for segments of {segsz}",
	[JOINED] = "merged into the unit of a frame before it",
};

/* Of each frame that is followed, what became of it. pkts[0..n) is the burst as it was; all of them
 * are still there, as packets or as parts of one. */
static void tell(const struct pkt_stage *stage, const struct pkt_burst *b, struct rte_mbuf **pkts,
		 uint16_t n)
{
	uint16_t next = 0;

	for (uint16_t i = 0; i < n; i++) {
		bool out = next < b->n && b->pkts[next] == pkts[i];
		const struct rte_mbuf *m = pkts[i];

		next += out;
		if (!out)
			pkt_trace_step(stage, b, m, JOINED, 0, 0);
		else
			pkt_trace_step(stage, b, m,
				       m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM ? UNIT : ALONE,
				       m->pkt_len, 0);
	}
}

/* Does the far side take units of TCP, over IPv4 as over IPv6? */
static bool takes_units(const struct port *port)
{
	const uint32_t needs = PORT_CAP_CSUM | PORT_CAP_TSO4 | PORT_CAP_TSO6;

	return (atomic_load_explicit(&port->tx_caps, memory_order_relaxed) & needs) == needs;
}

/* The packets of a burst are of one port, and at most PKT_RX_MAX. */
static void merge_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	const struct fwd_port *to = fwd_port(b, b->port);
	struct pkt_counters *c = &b->w->counters[b->port];
	struct rte_mbuf *was[PKT_RX_MAX];
	uint64_t units = c->merge.units;
	uint16_t n = b->n;

	if (n < 2 || to->merge == FWD_MERGE_OFF || !fwd_port(b, b->pkts[0]->port)->port->wire ||
	    !takes_units(to->port))
		return;
	if (unlikely(b->traced))
		memcpy(was, b->pkts, n * sizeof(was[0]));
	b->n = lro_merge(b->w->lro, to->merge == FWD_MERGE_RSC ? LRO_RSC : LRO_REVERSIBLE, b->pkts,
			 n, &c->merge);
	if (b->n < n) {
		units = c->merge.units - units;
		pkt_count(c->merged_units, units);
		pkt_count(c->merged_frames, n - b->n + units);
	}
	if (unlikely(b->traced))
		tell(stage, b, was, n);
}

const struct pkt_stage_def merge_stage = {
	.name = "merge",
	.help = "make units of what came in frames from a device, where the port takes them",
	.process = merge_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
