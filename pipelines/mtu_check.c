/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drops what is larger than the MTU of the port it leaves by, or than its guest was told, and
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
	const struct fwd_port *out = fwd_port(b, b->port);
	uint16_t limit = mtu_in_force(out->mtu, fwd_guest_mtu(out)), kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		uint32_t size = mtu_size(m);

		if (unlikely(size > limit)) {
			struct pkt_counters *c = &b->w->counters[b->port];

			pkt_set(c->mtu_out_size, size);
			pkt_set(c->mtu_out_limit, limit);
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
	.help = "drop what is too large for the port it leaves by",
	.process = mtu_check_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
