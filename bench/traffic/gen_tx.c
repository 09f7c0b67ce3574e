/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/chain.h"
#include "bench/traffic/gen.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum { QUEUES_MAX = 8 };

/* Some of a burst, for one queue. */
struct share {
	struct rte_mbuf *pkts[GEN_BURST];
	uint16_t n;
};

/* A buffer that comes back was last in the cache of the switch's processor: it is asked for in
 * time, and for writing. */
static inline void fetch(const void *p)
{
#ifdef __x86_64__
	/* The compiler has it only for processors it was told to build for; others ignore it. */
	__asm__ volatile("prefetchw (%0)" : : "r"(p));
#else
	__builtin_prefetch(p, 1);
#endif
}

static inline void make_unit(struct rte_mbuf *m, const struct frame_image *img, uint32_t flow,
			     const struct frame_sig *sig)
{
	uint8_t *to = rte_pktmbuf_mtod(m, uint8_t *);

	frame_fill_unit(img, to, flow, sig);
	/* A cut unit is known by its end. */
	chain_write(m, img->bytes - FRAME_SIG, to + FRAME_UNIT_HEAD, FRAME_SIG);
	m->ol_flags = RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4;
	m->tx_offload = 0;
	m->l2_len = 14;
	m->l3_len = 20;
	m->l4_len = 20;
	m->tso_segsz = img->mss;
}

static inline void make(struct gen_port *p, struct rte_mbuf *m, struct frame_sig *sig, uint64_t due,
			uint64_t now)
{
	const struct frame_image *img = &p->image[p->order[p->turn]];
	uint64_t delay = now > due ? (now - due) >> FRAME_DELAY_SHIFT : 0;

	sig->due = due;
	sig->delay = delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
	if (p->t->chains && img->bytes > CHAIN_BUFFER) {
		chain_lay(m, img->bytes);
	} else {
		m->data_len = (uint16_t)img->bytes;
		m->pkt_len = img->bytes;
	}
	if (img->mss) {
		make_unit(m, img, p->flow, sig);
	} else {
		m->ol_flags = 0;
		frame_fill(img, rte_pktmbuf_mtod(m, uint8_t *), p->flow, sig);
	}
}

static inline void next_frame(struct gen_port *p, uint32_t flows)
{
	p->flow = p->flow + 1 == flows ? 0 : p->flow + 1;
	p->turn = p->turn + 1 == SCHED_IMIX ? 0 : p->turn + 1;
}

/* How many the ports' rings took. */
static uint32_t hand_over(struct gen_port *p, struct share *shares)
{
	uint32_t sent = 0;

	for (uint16_t q = 0; q < p->t->queues; q++) {
		struct share *s = &shares[q];
		uint16_t n;

		if (!s->n)
			continue;
		n = rte_eth_tx_burst(p->t->id, q, s->pkts, s->n);
		sent += n;
		/* It is not due later: whoever had no room then has lost it. */
		for (uint16_t i = n; p->t->chains && i < s->n; i++)
			chain_undo(s->pkts[i]);
		if (unlikely(n < s->n))
			rte_mempool_put_bulk(p->t->tx, (void **)&s->pkts[n], s->n - n);
		s->n = 0;
	}
	return sent;
}

uint32_t gen_send(struct gen_worker *w, struct gen_port *p, uint64_t now)
{
	const struct gen_job *job = &w->gen->job;
	bool overload = job->pps <= 0;
	uint32_t n = overload ? GEN_BURST : sched_due(&p->sched, now, GEN_BURST), sent = 0;
	struct frame_sig sig = {.trial = job->trial, .stream = p->number};
	struct rte_mbuf *pkts[GEN_BURST];
	struct share shares[QUEUES_MAX];
	uint64_t due;

	if (!n)
		return 0;
	due = overload ? now : sched_time(&p->sched, 0);
	if (now - due > w->late)
		w->late = now - due;
	/* Buffers as they came back: whole, direct, unshared, with the pattern in them. There are
	 * more than rings hold; where there are none all the same, there is no room. */
	if (rte_mempool_get_bulk(p->t->tx, (void **)pkts, n) != 0) {
		for (uint32_t i = 0; i < n && !overload; i++)
			next_frame(p, job->flows);
		goto account;
	}
	for (uint16_t q = 0; q < p->t->queues; q++)
		shares[q].n = 0;
	for (uint32_t i = 0; i < n; i++)
		fetch(rte_pktmbuf_mtod(pkts[i], void *));
	for (uint32_t i = 0; i < n; i++) {
		/* A flow has one queue, so that it keeps its order. */
		struct share *s = &shares[p->t->queues == 1 ? 0 : p->flow % p->t->queues];

		sig.seq = p->sched.seq + i;
		make(p, pkts[i], &sig, overload ? now : sched_time(&p->sched, i), now);
		s->pkts[s->n++] = pkts[i];
		next_frame(p, job->flows);
	}
	sent = hand_over(p, shares);
account:
	w->count.sent += sent;
	if (overload) {
		/* Nothing is due before there is room for it. */
		p->sched.seq += n;
		w->count.offered += sent;
		w->last_due = now;
		return sent;
	}
	w->last_due = RTE_MAX(w->last_due, sched_time(&p->sched, n - 1));
	sched_take(&p->sched, n);
	w->count.offered += n;
	w->count.refused += n - sent;
	return n;
}
