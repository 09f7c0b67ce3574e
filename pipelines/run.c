/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/pipe.h"

#include "offload/chimney/steer/quote.h"
#include "offload/tso_lro/tso_split.h"
#include "pipelines/impair.h"
#include "pipelines/stages.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/port/port.h"

#include <rte_cycles.h>
#include <string.h>

#define SEG (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

void pipe_init(struct pipe *p, struct pkt_worker *w)
{
	memset(p->stages, 0, sizeof(p->stages));
	for (uint8_t i = 0; i < PIPE_STAGES; i++) {
		p->stages[i].def = pipe_table[i];
		p->stages[i].index = i;
	}
	p->burst.w = w;
}

/* What a port does before or after its stage belongs to that stage. Returns the time. */
static uint64_t charge(struct pkt_stage *s, uint64_t since)
{
	uint64_t now = rte_rdtsc();

	pkt_count(s->cycles, now - since);
	return now;
}

/* Runs stages [from, to). The clock is read once between two stages. */
static void run(struct pipe *p, int from, int to, uint64_t since)
{
	for (int i = from; i < to && p->burst.n > 0; i++) {
		struct pkt_stage *s = &p->stages[i];
		uint16_t n = p->burst.n;
		uint64_t now;

		s->def->process(s, &p->burst);
		now = rte_rdtsc();
		pkt_count(s->calls, 1);
		pkt_count(s->packets, n);
		pkt_count(s->cycles, now - since);
		since = now;
	}
}

/* Sends what is in the queue by that port. Units may be split, so that only as many packets go
 * together as will fit into a burst when they are. */
static void egress(struct pipe *p, uint16_t port, struct pkt_outq *q)
{
	struct pkt_burst *b = &p->burst;
	const struct fwd_port *to = &b->w->fwd->ports[port];
	int last = unlikely(to->impair.on) ? PIPE_STAGES - 1 : PIPE_STAGES;
	struct port *out = to->port;
	uint16_t next = 0;
	uint64_t since;

	b->port = port;
	while (next < q->n) {
		uint16_t room = PKT_BURST_MAX;

		for (b->n = 0; next < q->n; next++) {
			struct rte_mbuf *m = q->pkts[next];
			uint16_t frames = unlikely(m->ol_flags & SEG) ? tso_split_count(m) : 1;

			if (frames > room)
				break;
			room -= frames;
			b->pkts[b->n++] = m;
		}
		since = rte_rdtsc();
		if (out->ops->tx_ahead) {
			out->ops->tx_ahead(out, b->w, port_txq(out, b->w), b->pkts, b->n);
			since = charge(&p->stages[PIPE_STAGES - 1], since);
		}
		run(p, PIPE_INGRESS, last, since);
		if (unlikely(last < PIPE_STAGES)) {
			impair_burst(b);
			run(p, last, PIPE_STAGES, rte_rdtsc());
		}
	}
	q->n = 0;
}

/* The switch answers an end whose connection it runs itself: that is noted as any answer is that
 * comes from outside. */
static void note_answers(const struct pkt_worker *w, uint16_t port)
{
	const struct flow_table *flows = w->fwd->flows;

	if (!flows || !flow_any(flows))
		return;
	for (uint16_t i = 0; i < w->back.n; i++)
		flow_quoted(flows, w->fwd->ports[port].bridge, w->back.pkts[i]);
}

/* Sends what the ingress stages put into the out queues, and what the switch answers. */
static void leave(struct pipe *p, uint16_t port)
{
	struct pkt_worker *w = p->burst.w;

	for (uint16_t i = 0; i < w->n_dirty; i++)
		egress(p, w->dirty[i], &w->out[w->dirty[i]]);
	w->n_dirty = 0;
	/* Answers are never answered, so this ends. */
	if (unlikely(w->back.n > 0)) {
		note_answers(w, port);
		egress(p, port, &w->back);
	}
}

uint16_t pipe_run(struct pipe *p, uint16_t port, uint16_t queue)
{
	struct pkt_stage *rx = &p->stages[0];
	struct pkt_worker *w = p->burst.w;
	struct port *in = w->fwd->ports[port].port;
	uint64_t since = rte_rdtsc(), now;
	uint16_t n;

	p->burst.port = port;
	p->burst.queue = queue;
	p->burst.traced = false;
	rx->def->process(rx, &p->burst);
	n = p->burst.n;
	if (n == 0)
		return 0; /* an empty poll is not a call: it would hide what a packet costs */
	now = rte_rdtsc();
	pkt_count(rx->calls, 1);
	pkt_count(rx->packets, n);
	pkt_count(rx->cycles, now - since);
	run(p, 1, PIPE_INGRESS, now);
	leave(p, port);
	if (in->ops->rx_done) {
		now = rte_rdtsc();
		in->ops->rx_done(in, queue);
		charge(rx, now);
	}
	return n;
}

/* The burst becomes these packets, as if port had given them. */
static void set_burst(struct pipe *p, uint16_t port, struct rte_mbuf *const *pkts, uint16_t n)
{
	struct pkt_burst *b = &p->burst;

	b->port = port;
	b->queue = 0;
	b->traced = false;
	b->n = n;
	memcpy(b->pkts, pkts, n * sizeof(pkts[0]));
}

uint16_t pipe_inject(struct pipe *p, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	struct pkt_worker *w = p->burst.w;

	if (unlikely(!w->fwd->ports[port].port)) {
		rte_pktmbuf_free_bulk(pkts, n);
		return 0;
	}
	for (uint16_t i = 0; i < n; i++)
		pkts[i]->port = port;
	pkt_count(w->counters[port].injected, n);
	set_burst(p, port, pkts, n);
	run(p, 1, PIPE_INGRESS, rte_rdtsc());
	leave(p, port);
	return n;
}

/* Where the table goes on behind chim_steal. */
static int behind_steal(void)
{
	int i = 0;

	while (pipe_table[i] != &chim_steal_stage)
		i++;
	return i + 1;
}

/* May it still go on as something that came from its port? */
static bool still_fits(const struct fwd_config *fwd, uint16_t bridge, const struct rte_mbuf *m)
{
	const struct fwd_port *in = &fwd->ports[m->port];

	return in->port && in->bridge == bridge && fwd_carries(in, m->vlan_tci & 0xfff);
}

void pipe_forward(struct pipe *p, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fwd_config *fwd = p->burst.w->fwd;
	uint16_t from = 0, to;

	for (; from < n; from = to) {
		uint16_t port = pkts[from]->port;

		for (to = from + 1; to < n && pkts[to]->port == port;)
			to++;
		if (unlikely(!still_fits(fwd, bridge, pkts[from]))) {
			rte_pktmbuf_free_bulk(&pkts[from], to - from);
			continue;
		}
		set_burst(p, port, &pkts[from], to - from);
		/* Somebody may follow it who began before it was held. */
		p->burst.traced = p->burst.w->trace != NULL;
		run(p, behind_steal(), PIPE_INGRESS, rte_rdtsc());
		leave(p, port);
	}
}

void pipe_send(struct pipe *p, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	if (unlikely(!p->burst.w->fwd->ports[port].port)) {
		rte_pktmbuf_free_bulk(pkts, n);
		return;
	}
	set_burst(p, port, pkts, n);
	p->burst.traced = p->burst.w->trace != NULL;
	run(p, PIPE_STAGES - 1, PIPE_STAGES, rte_rdtsc());
}
