/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Acknowledgments: which may be believed (RFC 5961 5), what they free, the peer's window (RFC 9293
 * 3.10.7.4), SACK blocks (RFC 2018) and those that tell of duplicates (RFC 2883), and how long it
 * took (RFC 6298 with Karn's algorithm, RFC 7323 4).
 */
#include "offload/chimney/fast/tcp.h"

static void update_window(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg)
{
	uint32_t wnd = (uint32_t)seg->wnd << c->snd_wscale;

	if (!seq_gt(seg->ack, c->snd_una) && !seq_gt(seg->seq, c->snd_wl1) &&
	    !(seg->seq == c->snd_wl1 && wnd > c->snd_wnd))
		return;
	c->snd_wl1 = seg->seq;
	c->snd_wnd = wnd;
	if (wnd > c->max_window)
		c->max_window = wnd;
}

/* Is the first block about something that came twice (RFC 2883 4)? */
static bool is_dsack(const struct chim_opts *o, uint32_t ack)
{
	const struct chim_sack *b = o->sack;

	if (seq_lt(b[0].start, ack))
		return seq_leq(b[0].end, ack);
	return o->n_sack > 1 && seq_geq(b[0].start, b[1].start) && seq_leq(b[0].end, b[1].end);
}

/* Those that can be, from the lowest on: in the order they were sent, if none was overtaken. */
static uint8_t in_order(const struct chim_tcp *c, const struct chim_opts *o, uint8_t from,
			struct chim_sack *out)
{
	uint8_t n = 0, k;

	for (; from < o->n_sack; from++) {
		const struct chim_sack *b = &o->sack[from];

		if (!seq_lt(b->start, b->end) || !seq_geq(b->start, c->snd_una) ||
		    !seq_leq(b->end, c->snd_nxt))
			continue;
		for (k = n++; k && seq_lt(b->start, out[k - 1].start); k--)
			out[k] = out[k - 1];
		out[k] = *b;
	}
	return n;
}

static void sack(struct chim_engine *e, struct chim_tcp *c, const struct chim_opts *o,
		 struct chim_tcp_acked *a)
{
	struct chim_sack blocks[CHIM_OPTS_SACKS];
	uint8_t i = 0, n;

	if (!c->may_sack || !o->n_sack)
		return;
	a->sacks = true;
	if (is_dsack(o, a->ack)) {
		a->dsack = true;
		a->dsack_block = o->sack[i++];
		c->dsacks++;
	}
	n = in_order(c, o, i, blocks);
	for (i = 0; i < n; i++)
		chim_flight_sack(&e->pool, &c->flight, blocks[i].start, blocks[i].end, &a->d);
}

/* A retransmission that left after this cannot be what the peer saw: its timestamp is later than
 * the echoed one, or it would have come back faster than anything ever did (RFC 8985 6.2). */
static uint64_t old_ns(const struct chim_engine *e, const struct chim_tcp *c,
		       const struct chim_tcp_acked *a)
{
	uint64_t min_ns = chim_rtt_min_us(&c->rtt) * UINT64_C(1000);
	uint64_t old = e->now > min_ns ? e->now - min_ns : 0, echoed;

	if (!a->ts || !a->tsecr)
		return old;
	echoed = (e->now / NS_PER_MS - (chim_tcp_ts_now(e, c) - a->tsecr) + 1) * NS_PER_MS - 1;
	return echoed < old ? echoed : old;
}

static void measure(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_acked *a)
{
	/* Karn: what came after a hole was filled says how long that took. */
	if (a->d.first_ns && !a->d.resent) {
		uint64_t us = (e->now - a->d.first_ns) / 1000;

		a->rtt_us = us < CHIM_RTT_MAX_US ? (uint32_t)us + !us : CHIM_RTT_MAX_US;
		chim_rtt_sample(&c->rtt, a->rtt_us, e->now);
	} else if (a->bytes && a->ts && a->tsecr && seq_leq(a->tsecr, chim_tcp_ts_now(e, c))) {
		chim_rtt_sample_ts(&c->rtt, chim_tcp_ts_now(e, c), a->tsecr);
	}
}

/* What the peer has now is not needed any more. */
static void advance(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_acked *a)
{
	bool fin = c->fin_sent && !c->fin_acked && a->ack == c->snd_nxt;
	uint32_t data = a->bytes - fin;

	chim_flight_ack(&e->pool, &c->flight, a->ack, &a->d);
	c->snd_una = a->ack;
	c->snd_tail += data;
	c->bytes_acked += data;
	c->rate_bytes += data;
	c->retries = 0;
	c->stuck_ns = NEVER;
	if (fin)
		c->fin_acked = true;
}

/*
 * The peer echoes a timestamp that we have not come to. What Linux paces it stamps with the time at
 * which it will leave, and what it says meanwhile as well; nothing tells how far ahead it was when
 * the connection was taken over. Until our clock gets there the peer drops all we send (RFC 7323
 * 5.3), and answers with what it has seen.
 */
static bool is_behind(const struct chim_engine *e, const struct chim_tcp *c, uint32_t tsecr)
{
	uint32_t ms = tsecr - chim_tcp_ts_now(e, c);

	return ms && ms <= TCP_TS_AHEAD_MS;
}

static void catch_up(struct chim_engine *e, struct chim_tcp *c, uint32_t tsecr)
{
	c->ts_offset += tsecr - chim_tcp_ts_now(e, c);
	e->stats.ts_behind++;
	chim_tcp_mark(e, c, MARK_OUT | MARK_ACK);
	/* Not what the kernel had sent, which knew the time. */
	if (c->bytes_sent && c->snd_nxt != c->snd_una)
		chim_tcp_loss_unseen(e, c);
}

static void process(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		    const struct chim_opts *o)
{
	struct chim_tcp_acked a = {.una = c->snd_una,
				   .ack = seg->ack,
				   .bytes = seg->ack - c->snd_una,
				   .pipe = chim_tcp_pipe(c),
				   .sacked = c->flight.sacked,
				   .ts = c->may_ts && o->has_ts,
				   .tsecr = o->tsecr,
				   .ece = c->may_ecn && seg->flags & CHIM_ECE};
	uint32_t wnd = c->snd_wnd;
	bool fin_was_acked = c->fin_acked, behind = a.ts && a.tsecr && is_behind(e, c, a.tsecr);

	if (behind)
		a.ts = false; /* no measure of anything */
	a.d.old_ns = old_ns(e, c, &a);
	update_window(e, c, seg);
	a.dup = !a.bytes && c->snd_nxt != c->snd_una && !seg->len && !(seg->flags & CHIM_FIN) &&
		wnd == c->snd_wnd;
	if (a.bytes)
		advance(e, c, &a);
	sack(e, c, o, &a);
	a.delivered = a.d.acked + a.d.sacked;
	measure(e, c, &a);
	chim_tcp_loss_ack(e, c, &a);
	if (a.bytes)
		chim_tcp_timer_rto(e, c);
	if (a.bytes || a.d.sacked)
		chim_tcp_loss_pto(e, c);
	c->probes = 0;
	if (behind)
		catch_up(e, c, a.tsecr);
	if (c->fin_acked && !fin_was_acked)
		chim_tcp_fin_acked(e, c);
}

bool chim_tcp_ack(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		  const struct chim_opts *o)
{
	if (seq_gt(seg->ack, c->snd_nxt) || seq_lt(seg->ack, c->snd_una - c->max_window)) {
		e->stats.bad_ack++;
		chim_tcp_send_challenge(e, c);
		return false;
	}
	if (seq_geq(seg->ack, c->snd_una))
		process(e, c, seg, o);
	return true;
}
