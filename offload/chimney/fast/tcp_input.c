/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment arrives (RFC 9293 3.10.7.4, for states from ESTABLISHED on): is it of this connection,
 * now? In this order: timestamps (RFC 7323 5: PAWS), place in the window, RST and SYN (RFC 5961 3,
 * 4: only what proves that it sees the connection may end it, all else is asked once more by a
 * "challenge" acknowledgment), then the acknowledgment, then what it carries.
 */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>

enum { PAWS_IDLE_S = 24 * 86400 }; /* RFC 7323 5.5 */

/* What cannot be used is answered, so that a peer that lost track finds it again. What has no
 * payload could be such an answer itself: those are counted. */
static void answer(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg)
{
	if (!seg->len && !(seg->flags & CHIM_FIN)) {
		chim_tcp_send_challenge(e, c);
		return;
	}
	if (seg->len && c->may_sack && seq_leq(seg->seq + seg->len, c->rcv_nxt)) {
		c->dsack = (struct chim_sack){seg->seq, seg->seq + seg->len};
		c->has_dsack = true;
		c->dup_in++;
		e->stats.dup_in++;
	}
	chim_tcp_send_ack(e, c);
}

/* false: an old duplicate, or no segment of this connection at all. */
static bool paws(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		 const struct chim_opts *o)
{
	uint32_t now_ms = (uint32_t)(e->now / NS_PER_MS);

	if (!c->may_ts || seg->flags & CHIM_RST)
		return true;
	if (!o->has_ts)
		return false;
	if (!c->ts_recent_valid || seq_geq(o->tsval, c->ts_recent) ||
	    now_ms - c->ts_recent_ms > PAWS_IDLE_S * 1000u)
		return true;
	e->stats.paws++;
	answer(e, c, seg);
	return false;
}

static void update_ts(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		      const struct chim_opts *o)
{
	if (!c->may_ts || !o->has_ts || seq_gt(seg->seq, c->rcv_wup))
		return;
	c->ts_recent = o->tsval;
	c->ts_recent_ms = (uint32_t)(e->now / NS_PER_MS);
	c->ts_recent_valid = true;
}

/* RFC 9293 3.10.7.4 step 1, but what is older than rcv_nxt and not yet acknowledged is let pass:
 * its acknowledgment may be news. */
static bool in_window(const struct chim_tcp *c, const struct chim_seg *seg)
{
	uint32_t end = seg->seq + seg->len + !!(seg->flags & CHIM_FIN);

	return seq_geq(end, c->rcv_wup) && seq_leq(seg->seq, seq_max(c->rcv_edge, c->rcv_nxt));
}

static void reset(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg)
{
	bool inside = seq_geq(seg->seq, c->rcv_nxt) && seq_lt(seg->seq, c->rcv_edge);

	if (c->phase == PHASE_TIME_WAIT)
		return; /* RFC 1337 */
	if (seg->seq == c->rcv_nxt)
		chim_tcp_gone(e, c, c->phase == PHASE_CLOSE_WAIT ? EPIPE : ECONNRESET);
	else if (inside)
		chim_tcp_send_challenge(e, c);
}

static void segment(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg)
{
	struct chim_opts o = {0};

	if (seg->opts_len && chim_opts_parse(seg->opts, seg->opts_len, &o))
		return;
	if (!paws(e, c, seg, &o))
		return;
	if (seg->flags & CHIM_RST) {
		reset(e, c, seg);
		return;
	}
	if (seg->flags & CHIM_SYN) {
		chim_tcp_send_challenge(e, c);
		return;
	}
	if (!in_window(c, seg)) {
		answer(e, c, seg);
		return;
	}
	if (!(seg->flags & CHIM_ACK))
		return;
	if (!chim_tcp_ack(e, c, seg, &o) || c->phase == PHASE_CLOSED)
		return;
	if (seg->flags & CHIM_URG && chim_tcp_halt(e, c, CHIM_UPLOAD_URGENT))
		return;
	update_ts(e, c, seg, &o);
	c->last_rcv = e->now;
	if (seg->len || seg->flags & CHIM_FIN)
		chim_tcp_data(e, c, seg, &o);
}

bool chim_engine_odd(struct chim_engine *e, struct chim_tcp *c, enum chim_upload why, uint32_t seq)
{
	uint64_t *count =
		why == CHIM_UPLOAD_FRAGMENTATION ? &e->stats.fragments : &e->stats.ip_options;
	/* What the peer sends again began in a window that was announced, and none was larger than
	 * the ring. */
	uint32_t oldest = c->rcv_nxt - (c->rcv_mask + 1);

	++*count;
	if (c->phase == PHASE_CLOSED)
		return false;
	if (seq_geq(seq, oldest) && seq_leq(seq, seq_max(c->rcv_edge, c->rcv_nxt)))
		return true;
	e->stats.odd_forged++;
	return false;
}

void chim_engine_input(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		       uint64_t now)
{
	e->now = now;
	if (chim_tcp_still(c))
		return;
	c->segs_in += seg->segs;
	e->stats.segs_in += seg->segs;
	segment(e, c, seg);
	chim_tcp_mark(e, c, MARK_OUT);
}
