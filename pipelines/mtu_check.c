/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drops what is larger than the MTU of the port it came from or of the port it leaves by, and
 * remembers both sizes. Of a unit it is the segments that must fit.
 */
#include "pipelines/stages.h"

#include "jumbo/mtu.h"
#include "vswitch/l2/fwd.h"

enum word { FITS };
static const char *const words[] = {
	[FITS] = "{a} bytes fit the MTU of {b}",
};

static void mtu_check_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	uint16_t limit = fwd_port(b, b->port)->mtu, kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		uint16_t in_limit = fwd_port(b, m->port)->mtu;
		uint32_t size = mtu_size(m);

		if (unlikely(size > in_limit)) {
			struct pkt_counters *c = &b->w->counters[m->port];

			pkt_count(c->mtu_in_size, size - c->mtu_in_size);
			pkt_count(c->mtu_in_limit, in_limit - c->mtu_in_limit);
			pkt_drop(b->w, m, m->port, PKT_DROP_MTU_IN);
		} else if (unlikely(size > limit)) {
			struct pkt_counters *c = &b->w->counters[b->port];

			pkt_count(c->mtu_out_size, size - c->mtu_out_size);
			pkt_count(c->mtu_out_limit, limit - c->mtu_out_limit);
			pkt_drop(b->w, m, b->port, PKT_DROP_MTU_OUT);
		} else {
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, FITS, size, limit);
			b->pkts[kept++] = m;
		}
	}
	b->n = kept;
}

const struct pkt_stage_def mtu_check_stage = {
	.name = "mtu_check",
	.help = "drop what exceeds the MTU of either port",
	.process = mtu_check_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
