/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/l2/too_big.h"

#include "packet/tail.h"
#include "vswitch/l2/fwd.h"

#include <rte_cycles.h>

enum { LIMITED = PTB_REASON_MAX };

/* On the way out: is the destination behind this port? A flooded packet meets many MTUs that are
 * not on its path. */
static bool lives_here(const struct pkt_burst *b, const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

	return fdb_lookup(fwd_bridge(b)->fdb, fdb_key(data, m->vlan_tci)) == b->port;
}

static int answer(struct pkt_burst *b, const struct rte_mbuf *m, uint16_t limit,
		  enum pkt_drop reason, uint16_t *told)
{
	const struct fwd_port *in = fwd_port(b, m->port);
	struct pkt_counters *c = &b->w->counters[m->port];
	struct ptb_packet p;
	int why = ptb_judge(m, limit, &p);
	struct rte_mbuf *a;

	if (why == PTB_DUE && reason == PKT_DROP_MTU_OUT && !lives_here(b, m))
		why = PTB_FLOODED;
	if (why != PTB_DUE) {
		pkt_count(c->ptb_not_due, 1);
		return why;
	}
	/* Each packet received has one answer at most, so `back` has room for all of a burst. */
	if (b->w->back.n == PKT_RX_MAX ||
	    !ptb_allowed(&c->ptb_full_at, rte_rdtsc(), rte_get_tsc_hz())) {
		pkt_count(c->ptb_limited, 1);
		return LIMITED;
	}
	a = ptb_answer(m, &p, fwd_mtu_out(in), b->w->data_pool);
	if (a == NULL) {
		pkt_count(c->drop[PKT_DROP_NO_MBUF], 1);
		return LIMITED;
	}
	pkt_count(c->ptb_sent, 1);
	b->w->back.pkts[b->w->back.n++] = a;
	*told = p.mtu;
	return PTB_DUE;
}

void too_big(const struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m, uint32_t size,
	     uint16_t limit, enum pkt_drop reason)
{
	struct pkt_counters *c = &b->w->counters[b->port];
	uint16_t told = 0;

	if (reason == PKT_DROP_MTU_IN) {
		pkt_set(c->mtu_in_size, size);
		pkt_set(c->mtu_in_limit, limit);
	} else {
		pkt_set(c->mtu_out_size, size);
		pkt_set(c->mtu_out_limit, limit);
	}
	/* An answer quotes more of the packet than its headers. */
	if (fwd_port(b, m->port)->ptb && pkt_tail_settle(m, b->w->header_pool) == 0) {
		int why = answer(b, m, limit, reason, &told);

		if (unlikely(b->traced))
			pkt_trace_step(stage, b, m, (uint8_t)(TOO_BIG_WORD + why), size, told);
	}
	pkt_drop(b->w, m, b->port, reason);
}
