/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection begins here and ends here: from a state to a running connection, and back. */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>
#include <stddef.h>

enum { MSS_MIN = 88 }; /* what is left is more than nothing with all options */

void chim_tcp_set_mss(struct chim_tcp *c, uint16_t mtu)
{
	uint32_t headers = (c->was.tuple.v6 ? 40 : 20) + 20, mss = c->was.mss;

	if (mtu && mss + headers > mtu)
		mss = mtu > headers ? mtu - headers : 0;
	c->mss = mss > MSS_MIN ? (uint16_t)mss : MSS_MIN;
}

static bool ring_ok(uint32_t size, uint64_t off, uint64_t bytes)
{
	return size >= CHIM_RING_MIN && size <= CHIM_RING_MAX && !(size & (size - 1)) &&
	       off >= sizeof(struct chim_shm) && off <= bytes && size <= bytes - off;
}

/* Does it contradict itself? */
static bool sound(const struct chim_tcp_state *s, const struct chim_shm *shm)
{
	return ring_ok(shm->snd_size, shm->snd_off, shm->bytes) &&
	       ring_ok(shm->rcv_size, shm->rcv_off, shm->bytes) && s->phase <= CHIM_CLOSE_WAIT &&
	       s->mss >= MSS_MIN && s->snd_wscale <= 14 && s->rcv_wscale <= 14 &&
	       s->snd_len <= shm->snd_size && s->rcv_len <= shm->rcv_size &&
	       s->unsent_len <= s->snd_len &&
	       s->snd_nxt == s->snd_una + s->snd_len - s->unsent_len &&
	       atomic_load_explicit(&shm->snd_head, memory_order_relaxed) == s->snd_len &&
	       atomic_load_explicit(&shm->rcv_head, memory_order_relaxed) == s->rcv_len;
}

static void start_memory(struct chim_tcp *c, const struct chim_tcp_state *s, struct chim_shm *shm)
{
	uint32_t options = (s->nodelay ? CHIM_APP_NODELAY : 0) | (s->cork ? CHIM_APP_CORK : 0) |
			   (s->keepalive ? CHIM_APP_KEEPALIVE : 0);

	c->shm = shm;
	c->snd_ring = (uint8_t *)shm + shm->snd_off;
	c->rcv_ring = (uint8_t *)shm + shm->rcv_off;
	c->snd_mask = shm->snd_size - 1;
	c->rcv_mask = shm->rcv_size - 1;
	c->snd_head = s->snd_len;
	c->snd_sent = s->snd_len - s->unsent_len;
	c->rcv_head = c->rcv_said = s->rcv_len;
	atomic_fetch_or_explicit(&shm->app_flags, options, memory_order_relaxed);
	c->app_flags = (uint8_t)options;
	c->nodelay = s->nodelay;
	c->cork = s->cork;
	c->keepalive = s->keepalive;
}

static void start_receiver(struct chim_engine *e, struct chim_tcp *c,
			   const struct chim_tcp_state *s)
{
	c->rcv_nxt = c->high = s->rcv_nxt;
	c->rcv_wup = s->rcv_wup;
	c->rcv_edge = seq_max(s->rcv_wup + s->rcv_wnd, s->rcv_nxt);
	c->rcv_wscale = s->wscale ? s->rcv_wscale : 0;
	c->rcv_most = c->rcv_edge - (s->rcv_nxt - s->rcv_len);
	if (c->rcv_most < TCP_RCV_LEAST)
		c->rcv_most = TCP_RCV_LEAST;
	if (c->rcv_most > c->rcv_mask + 1)
		c->rcv_most = c->rcv_mask + 1;
	c->rcv_mss = 536;
	c->quick = TCP_QUICK_ACKS;
	c->ts_recent = s->ts_recent;
	c->ts_recent_valid = s->ts_recent != 0;
	c->ts_recent_ms = (uint32_t)(e->now / NS_PER_MS);
	if (s->phase != CHIM_CLOSE_WAIT)
		return;
	c->phase = PHASE_CLOSE_WAIT;
	c->has_rcv_fin = true;
	c->rcv_fin = s->rcv_nxt - 1;
	c->flags = CHIM_FLUED_FIN;
}

static void start_sender(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_state *s)
{
	uint32_t mss = chim_tcp_full_mss(c), most = CHIM_CC_MAX / mss;

	c->snd_una = s->snd_una;
	c->snd_nxt = s->snd_nxt;
	c->snd_wnd = s->snd_wnd;
	c->snd_wl1 = s->snd_wl1;
	c->max_window = s->max_window > s->snd_wnd ? s->max_window : s->snd_wnd;
	c->snd_wscale = s->wscale ? s->snd_wscale : 0;
	c->snd_small = s->snd_una;
	c->recover = s->snd_una - 1;
	c->dsack_round = s->snd_una;
	c->reo_mult = 1;
	chim_rtt_init(&c->rtt, s->srtt_us, s->rttvar_us, s->min_rtt_us, e->now);
	chim_cc_init(&c->cc, chim_cc_kind(s->cc), mss, s->cwnd < most ? s->cwnd * mss : CHIM_CC_MAX,
		     s->ssthresh < most ? s->ssthresh * mss : 0, s->snd_nxt, e->now);
	/* When it was sent is not known: it is of no use for measuring. */
	if (s->snd_nxt != s->snd_una)
		chim_flight_sent(&e->pool, &c->flight, s->snd_una, s->snd_nxt, e->now, true);
}

static void start_times(struct chim_engine *e, struct chim_tcp *c)
{
	c->rto_due = c->tlp_due = c->reo_due = c->persist_due = NEVER;
	c->ack_due = c->end_due = c->keep_due = NEVER;
	c->stuck_ns = c->challenge_ns = NEVER;
	c->last_rcv = c->last_data_rcv = c->last_snd = e->now;
	c->limit_ns = c->told_ns = c->rate_ns = e->now;
	chim_tcp_timer_rto(e, c);
	chim_tcp_timer_keep(e, c);
	chim_tcp_loss_pto(e, c);
}

struct chim_tcp *chim_engine_start(struct chim_engine *e, const struct chim_tcp_state *s,
				   struct chim_shm *shm, void *user, uint64_t now)
{
	struct chim_tcp *c;

	if (!sound(s, shm)) {
		errno = EINVAL;
		return NULL;
	}
	c = chim_tcp_slot_take(e);
	if (!c) {
		errno = ENOSPC;
		return NULL;
	}
	e->now = now;
	c->was = *s;
	c->user = user;
	c->may_ts = s->timestamps;
	c->may_sack = s->sack;
	c->may_ecn = s->ecn;
	c->ts_offset = s->ts_offset;
	c->notsent_lowat = s->notsent_lowat;
	c->ipid = (uint16_t)(now / 1000 ^ s->snd_nxt);
	chim_hdr_template(&c->tmpl, s);
	chim_tcp_set_mss(c, s->path.mtu);
	start_memory(c, s, shm);
	start_receiver(e, c, s);
	start_sender(e, c, s);
	start_times(e, c);
	e->n_live++;
	e->stats.started++;
	chim_tcp_mark(e, c, MARK_OUT | (s->rcv_wup != s->rcv_nxt ? MARK_ACK : 0));
	/* One that changes hands often would never get as far as its timer. */
	if (s->snd_wnd == 0 && s->snd_len > 0 && s->snd_nxt == s->snd_una)
		chim_tcp_send_probe(e, c);
	chim_tcp_arm(e, c);
	return c;
}

void chim_engine_stop(struct chim_engine *e, struct chim_tcp *c)
{
	chim_timer_cancel(&e->wheel, &c->timer);
	chim_ooo_forget(e, c);
	chim_flight_fini(&e->pool, &c->flight);
	e->n_live--;
	e->stats.stopped++;
	chim_tcp_slot_give(e, c);
}

/* The kernel waits a second before it sends anything again, for it knows no round trip, and one
 * that changes hands more often than that would wait for ever. */
static bool is_overdue(const struct chim_engine *e, const struct chim_tcp *c)
{
	uint64_t patience = chim_rtt_srtt_us(&c->rtt) * UINT64_C(2000);

	if (c->snd_nxt == c->snd_una || c->fin_sent)
		return false;
	if (patience < TCP_PATIENCE_MS * NS_PER_MS)
		patience = TCP_PATIENCE_MS * NS_PER_MS;
	return !c->bytes_acked || c->flight.lost || c->flight.sacked ||
	       e->now - e->pool.recs[c->flight.head].sent_ns > patience;
}

void chim_engine_freeze(struct chim_engine *e, struct chim_tcp *c, uint64_t now)
{
	if (c->frozen)
		return;
	e->now = now;
	/* What is owed to the peer would be forgotten: the kernel is not told of it. */
	if (!chim_tcp_still(c) && (c->rcv_wup != c->rcv_nxt || chim_tcp_shut_in_vain(c)))
		chim_tcp_send_ack(e, c);
	if (!chim_tcp_still(c) && is_overdue(e, c))
		chim_tcp_output_again(e, c);
	c->frozen = true;
	chim_timer_cancel(&e->wheel, &c->timer);
	chim_rings_tell(e, c);
	chim_tcp_tell_info(e, c);
	c->flags |= CHIM_FLUED_FROZEN;
	c->flags_said = c->flags;
	/* Sequentially consistent: the application looks after it said that it copies. */
	atomic_store(&c->shm->flued_flags, c->flags);
}

void chim_engine_thaw(struct chim_engine *e, struct chim_tcp *c, uint64_t now)
{
	if (!c->frozen)
		return;
	e->now = now;
	c->frozen = false;
	c->halted = false;
	c->flags &= (uint8_t)~CHIM_FLUED_FROZEN;
	chim_tcp_event(e, c, EVENT_END); /* it may sleep until this is decided */
	chim_tcp_mark(e, c, MARK_OUT);
	if (chim_tcp_still(c))
		return;
	/* What came meanwhile was not looked at: the peer is not to be blamed. */
	chim_tcp_timer_rto(e, c);
	chim_tcp_loss_pto(e, c);
	chim_tcp_arm(e, c);
}

void chim_tcp_state(const struct chim_tcp *c, struct chim_tcp_state *s)
{
	uint32_t mss = chim_tcp_full_mss(c);

	*s = c->was;
	s->nodelay = c->nodelay;
	s->cork = c->cork;
	s->keepalive = c->keepalive;
	s->phase = c->phase == PHASE_CLOSE_WAIT ? CHIM_CLOSE_WAIT : CHIM_ESTABLISHED;
	s->snd_una = c->snd_una;
	s->snd_nxt = c->snd_nxt;
	s->snd_wl1 = c->snd_wl1;
	s->snd_wnd = c->snd_wnd;
	s->max_window = c->max_window;
	s->rcv_nxt = c->rcv_nxt;
	s->rcv_wup = c->rcv_wup;
	s->rcv_wnd = seq_gt(c->rcv_edge, c->rcv_wup) ? c->rcv_edge - c->rcv_wup : 0;
	s->ts_recent = c->ts_recent_valid ? c->ts_recent : 0;
	s->ts_offset = c->ts_offset;
	s->srtt_us = chim_rtt_srtt_us(&c->rtt);
	s->rttvar_us = chim_rtt_var_us(&c->rtt);
	s->min_rtt_us = chim_rtt_min_us(&c->rtt);
	s->cwnd = c->cc.cwnd / mss;
	s->ssthresh = c->cc.ssthresh == UINT32_MAX ? 0 : c->cc.ssthresh / mss;
	s->snd_len = (uint32_t)(c->snd_head - c->snd_tail);
	s->unsent_len = (uint32_t)(c->snd_head - c->snd_sent);
	s->rcv_len = (uint32_t)(c->rcv_head - c->rcv_tail);
}

int chim_engine_dump(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_state *s)
{
	if (c->phase > PHASE_CLOSE_WAIT)
		return -ENOTCONN;
	if (!chim_rings_take(e, c))
		return -EPROTO;
	chim_ooo_forget(e, c);
	/* Read since it stands still. Of an empty queue the kernel would never say that there is
	 * room: for that, something must be read. */
	if (!c->halted && chim_tcp_shut_in_vain(c))
		chim_tcp_send_ack(e, c);
	chim_tcp_state(c, s);
	return 0;
}

void chim_engine_set_mtu(struct chim_engine *e, struct chim_tcp *c, uint16_t mtu, uint64_t now)
{
	uint16_t before = c->mss;

	e->now = now;
	c->was.path.mtu = mtu;
	chim_tcp_set_mss(c, mtu);
	if (c->mss == before)
		return;
	chim_cc_set_mss(&c->cc, chim_tcp_full_mss(c));
	if (c->mss < before && !chim_tcp_still(c))
		chim_tcp_loss_unseen(e, c);
	chim_tcp_mark(e, c, MARK_OUT);
}

bool chim_engine_quotes(const struct chim_tcp *c, uint32_t seq)
{
	return seq_leq(c->snd_una, seq) && seq_lt(seq, c->snd_nxt);
}
