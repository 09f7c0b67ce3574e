/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drops what is larger than the MTU of the port it leaves by, or than its guest was told; remembers
 * both sizes, and answers "packet too big" where that is due. Of a unit it is the segments that
 * must fit.
 */
#include "pipelines/stages.h"

#include "jumbo/mtu.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/too_big.h"

enum word { FITS };
static const char *const words[] = {
	[FITS] = "{a} bytes fit the MTU of {b}",
	[TOO_BIG_WORD] = TOO_BIG_WORDS,
};

/* The usual case, in few instructions. */
static bool all_fit(const struct pkt_burst *b, uint32_t limit)
{
	struct rte_mbuf *const *pkts = b->pkts;
	bool over = false;

	for (uint16_t i = 0, n = b->n; i < n; i++)
		over |= mtu_size(pkts[i]) > limit;
	return !over;
}

static void mtu_check_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	uint16_t limit = fwd_mtu_out(fwd_port(b, b->port)), kept = 0;

	if (likely(all_fit(b, limit) && !b->traced))
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		uint32_t size = mtu_size(m);

		if (unlikely(size > limit)) {
			too_big(stage, b, m, size, limit, PKT_DROP_MTU_OUT);
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
