/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which of what was sent is lost, and what follows for the window.
 *
 * With SACK, time decides (RACK, RFC 8985): what was sent before something that was delivered, by
 * more than a reordering window, is lost. Without, duplicate acknowledgments do (NewReno, RFC
 * 6582). A recovery's window is PRR's (RFC 6937), everything else is chim_cc_*()'s. What turns out
 * to have been no loss is undone: an echoed timestamp older than the first retransmission (Eifel,
 * RFC 3522), or duplicates reported of everything that was sent again (RFC 3708).
 */
#include "offload/chimney/fast/tcp.h"

static void remember_undo(struct chim_tcp *c)
{
	c->undo_set = true;
	c->undo_una = c->snd_una;
	c->undo_bytes = 0;
	c->undo_again = false;
}

void chim_tcp_loss_resent(struct chim_engine *e, struct chim_tcp *c, uint32_t bytes)
{
	if (c->undo_set) {
		if (!c->undo_again)
			c->undo_ts = chim_tcp_ts_now(e, c);
		c->undo_again = true;
		c->undo_bytes += bytes;
	}
	if (c->stuck_ns == NEVER)
		c->stuck_ns = e->now;
	if (c->ca == CA_RECOVERY)
		chim_prr_sent(&c->prr, bytes);
	c->bytes_retrans += bytes;
	c->retrans++;
	e->stats.retrans++;
}

/* RFC 8985 6.2 step 4. */
static uint64_t reo_window_ns(const struct chim_tcp *c)
{
	uint64_t us, srtt = chim_rtt_srtt_us(&c->rtt);
	uint32_t segs = c->flight.sacked / chim_tcp_full_mss(c);

	if (segs < c->dup_acks)
		segs = c->dup_acks;
	if (!c->reo_seen && (c->ca == CA_RECOVERY || c->ca == CA_LOSS || segs >= TCP_DUP_THRESH))
		return 0;
	us = (uint64_t)chim_rtt_min_us(&c->rtt) * c->reo_mult / 4;
	return (us < srtt ? us : srtt) * 1000;
}

static uint32_t detect(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t wait, window = c->rack_rtt_us * UINT64_C(1000) + reo_window_ns(c);
	uint32_t lost = chim_flight_rack(&e->pool, &c->flight, c->rack_ns, c->rack_end, window,
					 e->now, &wait);

	c->reo_due = wait ? e->now + wait : NEVER;
	return lost;
}

/* RFC 8985 6.2 steps 2 to 5. */
static void rack(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_acked *a)
{
	if (a->d.reordered) {
		c->reo_seen = true;
		chim_tcp_order_out(e, c, a->d.late);
	}
	if (a->dsack && seq_past(c->dsack_round, c->snd_una, c->snd_nxt)) {
		c->dsack_round = c->snd_nxt;
		c->reo_mult += c->reo_mult < TCP_REORDERING_MAX;
		c->reo_persist = TCP_REORDERING_MAX;
	}
	if (a->d.last_ns) {
		c->rack_rtt_us = (uint32_t)((e->now - a->d.last_ns) / 1000);
		if (a->d.last_ns > c->rack_ns ||
		    (a->d.last_ns == c->rack_ns && seq_gt(a->d.last_end, c->rack_end))) {
			c->rack_ns = a->d.last_ns;
			c->rack_end = a->d.last_end;
		}
	}
	if (a->bytes)
		c->dup_acks = 0;
	else if (a->d.sacked)
		c->dup_acks++;
	detect(e, c);
}

/* RFC 6582 3.2; the sender of duplicates has one segment more for each. */
static void newreno(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_acked *a)
{
	uint32_t mss = chim_tcp_full_mss(c), out = c->snd_nxt - c->snd_una;

	if (a->bytes) {
		uint32_t known = a->bytes > mss ? a->bytes - mss : 0;

		c->dup_bytes -= known < c->dup_bytes ? known : c->dup_bytes;
		c->dup_acks = 0;
		if (c->ca == CA_RECOVERY && seq_lt(c->snd_una, c->recover))
			chim_flight_lose_head(&e->pool, &c->flight, mss);
	} else if (a->dup) {
		c->dup_acks++;
		c->dup_bytes += mss;
		a->delivered += mss;
		if (c->ca == CA_OPEN && c->dup_acks >= TCP_DUP_THRESH && c->snd_una != c->recover &&
		    seq_past(c->recover, c->snd_una, c->snd_nxt))
			chim_flight_lose_head(&e->pool, &c->flight, mss);
	}
	if (c->dup_bytes + c->flight.lost > out)
		c->dup_bytes = out > c->flight.lost ? out - c->flight.lost : 0;
}

/* What the window was used for. Several acknowledgments come before what they let go is sent, so
 * what is in flight at this moment may be much less. */
static uint32_t window_used(const struct chim_tcp *c, uint32_t una)
{
	uint32_t out = c->snd_nxt - una;

	return out > c->peak ? out : c->peak;
}

/* RFC 8985 7.4.2: was a loss repaired by the probe alone? */
static void tlp_acked(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_acked *a)
{
	if (!c->tlp_out || seq_lt(a->ack, c->tlp_end))
		return;
	if (!c->tlp_retrans || a->dsack) {
		c->tlp_out = false;
	} else if (seq_gt(a->ack, c->tlp_end)) {
		c->tlp_out = false;
		if (c->ca != CA_OPEN)
			return;
		chim_cc_loss(&c->cc, window_used(c, a->una), e->now);
		chim_cc_recovered(&c->cc);
		chim_cc_forget(&c->cc);
		c->ca = CA_CWR;
		c->recover = c->snd_nxt;
	} else if (!a->bytes && a->dup && !a->sacks) {
		c->tlp_out = false;
	}
}

/* Was nothing lost after all? */
static bool spurious(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_acked *a)
{
	if (!c->undo_set || !c->undo_again)
		return false;
	if (a->dsack && seq_geq(a->dsack_block.start, c->undo_una) && c->undo_bytes) {
		uint32_t n = a->dsack_block.end - a->dsack_block.start;

		n = n < c->undo_bytes ? n : c->undo_bytes;
		chim_tcp_order_out(e, c, n); /* what was taken to be lost was late */
		c->undo_bytes -= n;
		if (!c->undo_bytes)
			return true;
	}
	return a->bytes && a->ts && a->tsecr && seq_lt(a->tsecr, c->undo_ts) &&
	       (c->ca == CA_RECOVERY || c->ca == CA_LOSS);
}

static void undo(struct chim_engine *e, struct chim_tcp *c)
{
	e->stats.spurious++;
	c->undo_set = false;
	chim_cc_undo(&c->cc);
	if (c->ca == CA_LOSS)
		chim_rtt_recovered(&c->rtt);
	if (c->ca != CA_RECOVERY && c->ca != CA_LOSS)
		return;
	chim_flight_unlose(&e->pool, &c->flight);
	c->ca = CA_OPEN;
	c->dup_acks = 0;
}

static void enter_recovery(struct chim_engine *e, struct chim_tcp *c,
			   const struct chim_tcp_acked *a)
{
	uint32_t out = window_used(c, a->una), owed = c->cc.cwnd < out ? c->cc.cwnd : out;

	chim_cc_loss(&c->cc, out, e->now);
	/* Delivered, but nothing was sent for it yet. */
	owed = owed > a->pipe ? owed - a->pipe : 0;
	chim_prr_start(&c->prr, out > a->sacked ? out - a->sacked : 1, c->cc.ssthresh, owed);
	remember_undo(c);
	c->ca = CA_RECOVERY;
	c->cwr_pending = c->may_ecn; /* RFC 3168 6.1.2: for whatever reason */
	c->recover = c->snd_nxt;
	c->tlp_out = false;
	c->tlp_due = NEVER;
	e->stats.recoveries++;
}

/* What was in flight when it began is acknowledged. */
static void leave(struct chim_tcp *c)
{
	if (c->ca == CA_RECOVERY)
		chim_cc_recovered(&c->cc);
	c->ca = CA_OPEN;
	c->dup_acks = 0;
	c->dup_bytes = 0;
	if (c->reo_persist && !--c->reo_persist)
		c->reo_mult = 1;
}

static void grow(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_acked *a)
{
	struct chim_cc_ack g = {.now = e->now,
				.acked = a->bytes,
				.una = c->snd_una,
				.nxt = c->snd_nxt,
				.rtt_us = a->rtt_us,
				.srtt_us = chim_rtt_srtt_us(&c->rtt)};

	if (!a->bytes)
		return;
	if (c->cwnd_limited && seq_gt(a->una, c->cwnd_limited_seq))
		c->cwnd_limited = false;
	/* In slow start the window may be twice what was used of it (RFC 7661 has the reasons). */
	g.cwnd_limited =
		c->cwnd_limited || (chim_cc_in_slow_start(&c->cc) && a->pipe * 2 > c->cc.cwnd);
	chim_cc_ack(&c->cc, &g);
}

static void marked(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_acked *a)
{
	chim_cc_ecn(&c->cc, window_used(c, a->una), e->now);
	c->ca = CA_CWR;
	c->recover = c->snd_nxt;
	c->cwr_pending = true;
}

void chim_tcp_loss_ack(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_acked *a)
{
	uint32_t lost = c->flight.lost;
	uint8_t was = c->ca;

	tlp_acked(e, c, a);
	if (c->may_sack)
		rack(e, c, a);
	else
		newreno(e, c, a);
	if (spurious(e, c, a))
		undo(e, c);
	if (c->ca != CA_OPEN && seq_geq(c->snd_una, c->recover))
		leave(c);
	if (c->ca == CA_OPEN && a->ece && c->snd_nxt != a->una)
		marked(e, c, a);
	if (c->flight.lost && (c->ca == CA_OPEN || c->ca == CA_CWR))
		enter_recovery(e, c, a);
	if (c->ca == CA_RECOVERY)
		c->cc.cwnd = chim_tcp_pipe(c) +
			     chim_prr_ack(&c->prr, a->delivered, chim_tcp_pipe(c),
					  a->bytes && c->flight.lost <= lost, chim_tcp_full_mss(c));
	else if (c->ca != CA_CWR && (was == CA_OPEN || was == CA_LOSS))
		grow(e, c, a);
	if (c->undo_set && c->ca == CA_OPEN && seq_gt(c->snd_una, c->recover))
		c->undo_set = seq_leq(c->snd_una - c->recover, c->max_window);
}

void chim_tcp_loss_reo(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_tcp_acked nothing = {
		.una = c->snd_una, .sacked = c->flight.sacked, .pipe = chim_tcp_pipe(c)};

	c->reo_due = NEVER;
	if (!detect(e, c))
		return;
	if (c->ca == CA_OPEN || c->ca == CA_CWR) {
		enter_recovery(e, c, &nothing);
		c->cc.cwnd = chim_tcp_pipe(c) + chim_prr_ack(&c->prr, 0, chim_tcp_pipe(c), false,
							     chim_tcp_full_mss(c));
	}
}

void chim_tcp_loss_rto(struct chim_engine *e, struct chim_tcp *c)
{
	const struct chim_rec *head = &e->pool.recs[c->flight.head];
	bool reneged = head->state == CHIM_REC_SACKED;
	bool reduced = c->ca == CA_RECOVERY || c->ca == CA_LOSS;
	uint64_t wait, window = c->rack_rtt_us * UINT64_C(1000) + reo_window_ns(c);

	if (!c->retries && !reduced)
		remember_undo(c);
	chim_cc_rto(&c->cc, window_used(c, c->snd_una), !c->retries, reduced, e->now);
	if (reneged || !c->may_sack) {
		chim_flight_lose_all(&e->pool, &c->flight, reneged);
	} else {
		chim_flight_rack(&e->pool, &c->flight, e->now, c->snd_nxt, window, e->now, &wait);
		chim_flight_lose_head(&e->pool, &c->flight, chim_tcp_full_mss(c));
	}
	c->ca = CA_LOSS;
	c->cwr_pending = c->may_ecn;
	c->recover = c->snd_nxt;
	c->dup_acks = 0;
	c->dup_bytes = 0;
	c->tlp_out = false;
	c->tlp_due = NEVER;
	c->reo_due = NEVER;
}

void chim_tcp_loss_unseen(struct chim_engine *e, struct chim_tcp *c)
{
	chim_flight_lose_all(&e->pool, &c->flight, false);
	if (!c->flight.lost || c->ca == CA_RECOVERY || c->ca == CA_LOSS)
		return;
	/* It was no congestion: the window stays (RFC 1191 6.4), but what goes out now is new
	 * knowledge, and a timeout later is not to be undone. */
	c->ca = CA_LOSS;
	c->recover = c->snd_nxt;
	c->undo_set = false;
}

void chim_tcp_loss_pto(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t us = chim_rtt_srtt_us(&c->rtt) * UINT64_C(2);

	c->tlp_due = NEVER;
	if (!c->may_sack || c->ca == CA_RECOVERY || c->ca == CA_LOSS || c->flight.sacked ||
	    c->tlp_out || c->snd_nxt == c->snd_una)
		return;
	if (!us)
		us = CHIM_RTO_INITIAL_US;
	else if (c->snd_nxt - c->snd_una <= chim_tcp_full_mss(c))
		us += CHIM_RTO_VAR_MIN_US; /* the peer may delay its acknowledgment */
	c->tlp_due = e->now + us * 1000;
	if (c->tlp_due > c->rto_due)
		c->tlp_due = c->rto_due;
}
