/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/gen.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum {
	LOOK = 64, /* of so many frames, the content of one is looked at */
	AHEAD = 4, /* frames whose heads are fetched before their turn */
};

static bool mine(const struct gen_worker *w, const struct gen_port *p, const struct frame_sig *sig)
{
	return sig->trial == w->gen->job.trial && sig->stream == p->from;
}

/* A frame, or the end of a unit, has come. */
static inline void arrived(struct gen_worker *w, struct gen_port *p, const struct frame_sig *sig,
			   uint64_t now)
{
	const struct gen_job *job = &w->gen->job;

	if (job->track) {
		enum window_seen seen = window_add(&p->window, sig->seq);

		w->count.duplicated += seen == WINDOW_DUPLICATE;
		w->count.reordered += seen == WINDOW_LATE || seen == WINDOW_OLD;
	}
	if (job->latency) {
		uint64_t spent = now > sig->due ? now - sig->due : 0;
		uint64_t delay = (uint64_t)sig->delay << FRAME_DELAY_SHIFT;

		hist_add(w->corrected, (uint64_t)((double)spent * w->gen->ns_per_cycle));
		spent = spent > delay ? spent - delay : 0;
		hist_add(w->raw, (uint64_t)((double)spent * w->gen->ns_per_cycle));
	}
}

/* Is what lies from place `from` to `to` of the frame the pattern of the places from `at`? */
static bool content_right(const struct rte_mbuf *m, uint32_t from, uint32_t to, uint32_t at)
{
	uint32_t begin = 0;

	for (; m; begin += m->data_len, m = m->next) {
		uint32_t lo = RTE_MAX(from, begin), hi = RTE_MIN(to, begin + m->data_len);

		if (lo < hi &&
		    !frame_pattern_right(rte_pktmbuf_mtod_offset(m, const uint8_t *, lo - begin),
					 at + lo - from, hi - lo))
			return false;
	}
	return true;
}

static bool frame_right(const struct rte_mbuf *m)
{
	return frame_sum_right(rte_pktmbuf_mtod(m, const uint8_t *), m->pkt_len) &&
	       content_right(m, FRAME_HEAD, m->pkt_len, FRAME_HEAD);
}

/* A unit or a segment of one. Its payload begins where its place says. A whole unit is known by
 * the signature it begins with, a cut one by that at its end. */
static bool piece(struct gen_worker *w, struct gen_port *p, const struct rte_mbuf *m,
		  struct frame_seen *seen, bool look, uint64_t now)
{
	uint32_t unit = frame_unit_payload(&p->image[0]), end = seen->at + seen->payload;
	uint32_t head = m->pkt_len - seen->payload; /* padding is none: these are not small */
	uint32_t from = RTE_MAX(seen->at, (uint32_t)FRAME_SIG), to = RTE_MIN(end, unit - FRAME_SIG);
	uint8_t buf[FRAME_SIG];
	const uint8_t *sig;

	if (end > unit)
		return false;
	w->count.unit_bytes += seen->payload;
	if (look && from < to &&
	    !content_right(m, head + from - seen->at, head + to - seen->at, FRAME_UNIT_HEAD + from))
		return false;
	if (end != unit || seen->payload < FRAME_SIG)
		return true;
	sig = rte_pktmbuf_read(m, seen->at == 0 ? head : m->pkt_len - FRAME_SIG, FRAME_SIG, buf);
	if (!sig || !frame_sig_get(sig, &seen->sig) || !mine(w, p, &seen->sig))
		return false;
	arrived(w, p, &seen->sig, now);
	return true;
}

/* Was it one of ours, for this port? */
static inline bool account(struct gen_worker *w, struct gen_port *p, const struct rte_mbuf *m,
			   uint64_t now)
{
	const struct gen_job *job = &w->gen->job;
	uint8_t buf[FRAME_HEAD];
	const uint8_t *head =
		rte_pktmbuf_read(m, 0, RTE_MIN(m->pkt_len, (uint32_t)FRAME_HEAD), buf);
	struct frame_seen seen;
	enum frame_kind kind = head ? frame_parse(head, m->pkt_len, &seen) : FRAME_OTHER;
	bool look = job->content && w->looked++ % LOOK == 0;

	if (kind == FRAME_OTHER)
		return false; /* the switch's own: spanning tree, announcements */
	if (kind == FRAME_DAMAGED) {
		w->count.corrupt++;
		return false;
	}
	if (unlikely(!mine(w, p, &seen.sig))) {
		w->count.stray++;
		return false;
	}
	if (kind == FRAME_WHOLE) {
		w->count.received++;
		w->count.corrupt += look && !frame_right(m);
		arrived(w, p, &seen.sig, now);
	} else if (!p->image[0].mss || !piece(w, p, m, &seen, look, now)) {
		w->count.corrupt++;
	}
	return true;
}

uint32_t gen_receive(struct gen_worker *w, struct gen_port *p)
{
	struct rte_mbuf *pkts[GEN_RX_BURST];
	uint32_t all = 0;

	for (uint16_t q = 0; q < p->t->queues; q++) {
		uint16_t n = rte_eth_rx_burst(p->t->id, q, pkts, GEN_RX_BURST);
		uint64_t now, last;
		bool ours = false;

		if (!n)
			continue;
		now = rte_rdtsc() - w->gen->start;
		for (uint16_t i = 0; i < RTE_MIN(n, (uint16_t)AHEAD); i++)
			rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
		for (uint16_t i = 0; i < n; i++) {
			if (i + AHEAD < n)
				rte_prefetch0(rte_pktmbuf_mtod(pkts[i + AHEAD], void *));
			ours |= account(w, p, pkts[i], now);
		}
		rte_pktmbuf_free_bulk(pkts, n);
		all += n;
		if (!ours)
			continue;
		last = atomic_load_explicit(&w->last_rx, memory_order_relaxed);
		/* Only while frames are due: afterwards silence is what is expected. */
		if (atomic_load_explicit(&w->gen->sending, memory_order_relaxed) && now > last &&
		    now - last > w->gap)
			w->gap = now - last;
		atomic_store_explicit(&w->last_rx, now, memory_order_relaxed);
	}
	return all;
}
