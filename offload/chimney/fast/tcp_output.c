/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may be sent, in units as large as windows and the peer's segments allow: first what is lost,
 * then what is new. Held back are what would make silly windows (RFC 1122 4.2.3.4, RFC 9293
 * 3.8.6.2.1) and small segments (Nagle in Minshall's form: at most one that is not full is not
 * acknowledged; cork).
 */
#include "offload/chimney/fast/tcp.h"

uint32_t chim_tcp_full_mss(const struct chim_tcp *c)
{
	return c->mss - (c->may_ts ? CHIM_OPTS_TS_BYTES : 0);
}

uint32_t chim_tcp_mss(const struct chim_tcp *c)
{
	uint32_t blocks = c->may_sack ? c->n_ooo + (uint32_t)c->has_dsack : 0;

	if (blocks > (c->may_ts ? 3u : 4u))
		blocks = c->may_ts ? 3 : 4;
	return chim_tcp_full_mss(c) - (blocks ? 4 + blocks * 8 : 0);
}

/* Payload of the largest unit, in full segments. */
static uint32_t largest(const struct chim_engine *e, uint32_t mss)
{
	uint32_t n = e->conf.tso ? CHIM_UNIT_BYTES / mss : 1;

	return (n ? n : 1) * mss;
}

static uint32_t cwnd_room(const struct chim_tcp *c)
{
	uint32_t pipe = chim_tcp_pipe(c);

	return c->cc.cwnd > pipe ? c->cc.cwnd - pipe : 0;
}

/* Sends [seq, seq + len) again, which lies within what is in flight; the FIN if it is the end. */
static int resend(struct chim_engine *e, struct chim_tcp *c, uint32_t seq, uint32_t len)
{
	bool fin = c->fin_sent && seq + len == c->snd_nxt;
	struct chim_tcp_unit u = {.seq = seq,
				  .len = len - fin,
				  .pos = c->snd_tail + (seq - c->snd_una),
				  .segsz = chim_tcp_mss(c),
				  .flags = fin ? CHIM_FIN : 0};

	if (seq + len == c->snd_nxt)
		u.flags |= CHIM_PSH;
	return chim_tcp_send(e, c, &u);
}

/* As much of lost record i as `most` bytes. Returns how many; 0: not now. */
static uint32_t resend_lost(struct chim_engine *e, struct chim_tcp *c, uint32_t i, uint32_t most)
{
	struct chim_rec *r = &e->pool.recs[i];
	uint32_t mss = chim_tcp_mss(c), n = r->end - r->seq, unit = largest(e, mss);

	if (n > unit)
		n = unit;
	if (n > most)
		n = most >= mss ? most / mss * mss : 0;
	if (!n || !chim_flight_resent(&e->pool, &c->flight, i, n, e->now))
		return 0;
	if (resend(e, c, r->seq, n)) {
		chim_flight_relose(&c->flight, r);
		return 0;
	}
	chim_tcp_loss_resent(e, c, n);
	return n;
}

static uint32_t output_lost(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t sent = 0, i = CHIM_NO_REC;

	while (c->flight.lost) {
		uint32_t n;

		i = chim_flight_next_lost(&e->pool, &c->flight, i);
		if (i == CHIM_NO_REC)
			break;
		n = resend_lost(e, c, i, cwnd_room(c));
		if (!n)
			break;
		sent += n;
	}
	return sent;
}

void chim_tcp_output_head(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t i = c->flight.head;

	if (i != CHIM_NO_REC && e->pool.recs[i].state == CHIM_REC_LOST)
		resend_lost(e, c, i, chim_tcp_mss(c));
}

/* A segment that is not full may go: nothing keeps it, or it is the last of all. */
static bool small_may_go(const struct chim_tcp *c)
{
	if (c->fin_wanted)
		return true;
	if (c->cork)
		return false;
	return c->nodelay || seq_past(c->snd_small, c->snd_una, c->snd_nxt);
}

/* Acknowledgments are on their way, which make a larger unit of what is small: not more than what
 * comes within a millisecond, and not so much that the window would not be used. */
static uint32_t worth_waiting_for(const struct chim_tcp *c, uint32_t unit)
{
	uint32_t n = c->cc.cwnd / 8, srtt = chim_rtt_srtt_us(&c->rtt);

	if (srtt > 8000)
		n = (uint32_t)(c->cc.cwnd * UINT64_C(1000) / srtt);
	return n < unit / 2 ? n : unit / 2;
}

/* How much new data goes out as one unit now; 0: nothing, and *why. */
static uint32_t next_unit(const struct chim_engine *e, const struct chim_tcp *c, uint32_t avail,
			  enum chim_tcp_limit *why)
{
	uint32_t mss = chim_tcp_mss(c), unit = largest(e, mss), n = avail < unit ? avail : unit,
		 part;
	uint32_t out = c->snd_nxt - c->snd_una, room = cwnd_room(c);
	uint32_t wnd = c->snd_wnd > out ? c->snd_wnd - out : 0;

	*why = LIMIT_WND;
	if (n > wnd) {
		n = wnd / mss * mss;
		if (!n)
			n = wnd >= c->max_window / 2 ? wnd : 0;
		if (!n)
			return 0;
	}
	if (n > room) {
		*why = LIMIT_CWND;
		n = room / mss * mss;
		if (!n || (c->ca == CA_OPEN && n < worth_waiting_for(c, unit)))
			return 0;
	}
	part = n % mss;
	if (n == avail && part && !small_may_go(c)) {
		*why = LIMIT_APP;
		n -= part;
	}
	return n;
}

static int send_new(struct chim_engine *e, struct chim_tcp *c, uint32_t n, bool last)
{
	bool fin = last && c->fin_wanted;
	struct chim_tcp_unit u = {.seq = c->snd_nxt,
				  .len = n,
				  .pos = c->snd_sent,
				  .segsz = chim_tcp_mss(c),
				  .ecn = c->may_ecn && n ? CHIM_ECN_ECT0 : 0};
	int rc;

	if (last && n)
		u.flags |= CHIM_PSH;
	if (fin)
		u.flags |= CHIM_FIN;
	if (c->cwr_pending && n)
		u.flags |= CHIM_CWR;
	rc = chim_tcp_send(e, c, &u);
	if (rc)
		return rc;
	chim_flight_sent(&e->pool, &c->flight, c->snd_nxt, c->snd_nxt + n + fin, e->now, false);
	c->snd_nxt += n + fin;
	c->snd_sent += n;
	if (n)
		c->cwr_pending = false;
	c->traffic.pushes_out += last && n;
	if (n % u.segsz)
		c->snd_small = c->snd_nxt;
	if (c->ca == CA_RECOVERY)
		chim_prr_sent(&c->prr, n);
	if (c->rto_due == NEVER)
		chim_tcp_timer_rto(e, c);
	if (fin)
		chim_tcp_fin_sent(c);
	return 0;
}

/* RFC 2861: a window that was not used says nothing of the path now. */
static void after_idle(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t rto = chim_rtt_rto_us(&c->rtt) * UINT64_C(1000), idle = e->now - c->last_snd;

	if (c->snd_nxt == c->snd_una && idle > rto && c->ca == CA_OPEN)
		chim_cc_idle(&c->cc, idle, rto);
}

/* Something stays behind: whoever could set it free later must be there. */
static void kept(struct chim_engine *e, struct chim_tcp *c, enum chim_tcp_limit why)
{
	chim_tcp_limit(e, c, why);
	if (why == LIMIT_CWND) {
		c->cwnd_limited = true;
		c->cwnd_limited_seq = c->snd_nxt;
	}
	if (c->snd_nxt != c->snd_una)
		return;
	if (why == LIMIT_WND) {
		chim_tcp_timer_persist(e, c);
	} else if (why == LIMIT_APP && c->cork && !c->corked) {
		c->corked = true;
		c->persist_due = e->now + TCP_CORK_MS * NS_PER_MS;
	}
}

static void output_new(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t sent = 0, sacked = c->snd_nxt;
	enum chim_tcp_limit why = LIMIT_APP;

	after_idle(e, c);
	for (;;) {
		uint64_t left = c->snd_head - c->snd_sent;
		uint32_t avail = left < CHIM_RING_MAX ? (uint32_t)left : CHIM_RING_MAX, n;

		if (!avail && !(c->fin_wanted && !c->fin_sent)) {
			chim_tcp_limit(e, c, LIMIT_APP);
			break;
		}
		if (sent >= TCP_RUN_BYTES) {
			chim_tcp_mark(e, c, MARK_OUT);
			break;
		}
		n = avail ? next_unit(e, c, avail, &why) : 0;
		if (avail && !n) {
			kept(e, c, why);
			break;
		}
		if (send_new(e, c, n, n == avail))
			break;
		sent += n;
	}
	if (c->snd_nxt == sacked)
		return;
	if (!c->corked && c->persist_due != NEVER)
		c->persist_due = NEVER;
	chim_tcp_loss_pto(e, c);
}

void chim_tcp_output(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t out;

	if (c->flight.lost)
		output_lost(e, c);
	if (!c->flight.lost && !c->fin_sent)
		output_new(e, c);
	out = c->snd_nxt - c->snd_una;
	if (out >= c->peak || seq_gt(c->snd_una, c->peak_seq)) {
		c->peak = out;
		c->peak_seq = c->snd_nxt;
	}
}

bool chim_tcp_output_forced(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t left = c->snd_head - c->snd_sent;
	uint32_t mss = chim_tcp_mss(c), n = left < mss ? (uint32_t)left : mss;

	if (n > c->snd_wnd)
		n = c->snd_wnd;
	if (!n || c->snd_nxt != c->snd_una || send_new(e, c, n, n == left))
		return false;
	chim_tcp_loss_pto(e, c);
	return true;
}

static bool resend_last(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t out = c->snd_nxt - c->snd_una, mss = chim_tcp_mss(c), n = out < mss ? out : mss;

	if (resend(e, c, c->snd_nxt - n, n))
		return false;
	chim_flight_probed(&e->pool, &c->flight, c->snd_nxt - n, e->now);
	c->bytes_retrans += n;
	c->retrans++;
	e->stats.retrans++;
	return true;
}

void chim_tcp_output_tlp(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t left = c->snd_head - c->snd_sent;
	uint32_t out = c->snd_nxt - c->snd_una, mss = chim_tcp_mss(c), n;
	uint32_t wnd = c->snd_wnd > out ? c->snd_wnd - out : 0;

	n = left < mss ? (uint32_t)left : mss;
	c->tlp_due = NEVER;
	if (n && n <= wnd && !c->fin_sent) {
		if (send_new(e, c, n, n == left))
			return;
		c->tlp_retrans = false;
	} else {
		if (!resend_last(e, c))
			return;
		c->tlp_retrans = true;
	}
	c->tlp_out = true;
	c->tlp_end = c->snd_nxt;
	c->tlps++;
	e->stats.tlps++;
	c->rto_due = NEVER;
	chim_tcp_timer_rto(e, c);
}

void chim_tcp_output_again(struct chim_engine *e, struct chim_tcp *c)
{
	if (c->may_sack) {
		resend_last(e, c);
		return;
	}
	chim_flight_lose_head(&e->pool, &c->flight, chim_tcp_mss(c));
	chim_tcp_output_head(e, c);
}
