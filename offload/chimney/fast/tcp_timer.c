/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens when a time has come: retransmission (RFC 6298 5), probes of a closed window (RFC
 * 9293 3.8.6.1), keepalive (RFC 9293 3.8.4), delayed acknowledgments, and the ends of waiting. A
 * connection has one timer, set for the earliest of its times.
 */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>

enum { KEEP_IDLE_S = 7200, KEEP_INTVL_S = 75, KEEP_CNT = 9 };

static uint64_t rto_ns(const struct chim_tcp *c)
{
	return chim_rtt_rto_us(&c->rtt) * UINT64_C(1000);
}

void chim_tcp_timer_rto(struct chim_engine *e, struct chim_tcp *c)
{
	if (c->snd_nxt != c->snd_una) {
		c->rto_due = e->now + rto_ns(c);
		return;
	}
	c->rto_due = NEVER;
	c->tlp_due = NEVER;
	c->reo_due = NEVER;
}

void chim_tcp_timer_persist(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t most = CHIM_RTO_MAX_US * UINT64_C(1000);
	uint64_t ns = rto_ns(c) << (c->persist_shift < 10 ? c->persist_shift : 10);

	if (c->persist_due != NEVER && !c->corked)
		return;
	c->corked = false;
	c->persist_due = e->now + (ns < most ? ns : most);
}

void chim_tcp_timer_keep(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t idle = c->was.keep_idle_s ? c->was.keep_idle_s : KEEP_IDLE_S;

	c->keep_due = c->keepalive ? c->last_rcv + idle * NS_PER_S : NEVER;
	if (c->keep_due <= e->now)
		c->keep_due = e->now + 1;
}

/* The peer has not answered for a long time. false: it is not to be tried again. */
static bool patience(struct chim_engine *e, struct chim_tcp *c, uint8_t tries, uint64_t since)
{
	uint64_t user = c->was.user_timeout_ms * NS_PER_MS;

	if (tries >= TCP_RETRIES || (user && e->now - since >= user)) {
		chim_tcp_gone(e, c, ETIMEDOUT);
		return false;
	}
	return tries < TCP_RETRIES_UPLOAD || c->orphan || c->phase > PHASE_CLOSE_WAIT ||
	       !chim_tcp_halt(e, c, CHIM_UPLOAD_TIMEOUT);
}

static void rto(struct chim_engine *e, struct chim_tcp *c)
{
	bool answers;

	c->rto_due = NEVER;
	if (c->snd_nxt == c->snd_una)
		return;
	if (c->stuck_ns == NEVER)
		c->stuck_ns = e->now;
	/* A peer whose window is closed may drop what it gets, but it answers. */
	answers = !c->snd_wnd && e->now - c->last_rcv < 2 * CHIM_RTO_MAX_US * UINT64_C(1000);
	if (!answers && !patience(e, c, c->retries, c->stuck_ns))
		return;
	chim_tcp_loss_rto(e, c);
	c->retries += c->retries < UINT8_MAX;
	c->rtos++;
	e->stats.rtos++;
	chim_rtt_backoff(&c->rtt);
	chim_tcp_output_head(e, c);
	chim_tcp_timer_rto(e, c);
	chim_tcp_mark(e, c, MARK_OUT);
}

static void persist(struct chim_engine *e, struct chim_tcp *c)
{
	c->persist_due = NEVER;
	if (c->corked) {
		c->corked = false;
		chim_tcp_output_forced(e, c);
		return;
	}
	if (c->snd_nxt != c->snd_una || c->snd_head == c->snd_sent)
		return;
	if (!patience(e, c, c->probes, c->last_rcv))
		return;
	if (!chim_tcp_output_forced(e, c)) {
		chim_tcp_send_probe(e, c);
		c->probes++;
	}
	e->stats.persist++;
	c->persist_shift += c->persist_shift < UINT8_MAX;
	chim_tcp_timer_persist(e, c);
}

static void keep(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t idle = c->was.keep_idle_s ? c->was.keep_idle_s : KEEP_IDLE_S;
	uint32_t intvl = c->was.keep_intvl_s ? c->was.keep_intvl_s : KEEP_INTVL_S;
	uint32_t cnt = c->was.keep_cnt ? c->was.keep_cnt : KEEP_CNT;

	if (e->now < c->last_rcv + idle * NS_PER_S || c->snd_nxt != c->snd_una) {
		/* It lives, or the retransmission timer looks after it. */
		chim_tcp_timer_keep(e, c);
		if (c->snd_nxt != c->snd_una)
			c->keep_due = e->now + idle * NS_PER_S;
		return;
	}
	if (c->probes >= cnt) {
		chim_tcp_abort(e, c, ETIMEDOUT);
		return;
	}
	chim_tcp_send_probe(e, c);
	c->probes++;
	e->stats.keepalives++;
	c->keep_due = e->now + intvl * NS_PER_S;
}

static void end(struct chim_engine *e, struct chim_tcp *c)
{
	c->end_due = NEVER;
	if (c->phase == PHASE_TIME_WAIT || c->phase == PHASE_FIN_WAIT_2)
		chim_tcp_gone(e, c, 0);
	else
		chim_tcp_abort(e, c, ETIMEDOUT); /* lingered long enough */
}

void chim_tcp_timer(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t now = e->now;

	if (chim_tcp_still(c))
		return;
	if (c->ack_due <= now) {
		c->ack_due = NEVER;
		c->pingpong = false;
		chim_tcp_mark(e, c, MARK_ACK);
	}
	if (c->reo_due <= now) {
		chim_tcp_loss_reo(e, c);
		chim_tcp_mark(e, c, MARK_OUT);
	}
	if (c->tlp_due <= now)
		chim_tcp_output_tlp(e, c);
	else if (c->rto_due <= now)
		rto(e, c);
	if (c->persist_due <= now && !chim_tcp_still(c))
		persist(e, c);
	if (c->keep_due <= now && !chim_tcp_still(c))
		keep(e, c);
	if (c->end_due <= now && !chim_tcp_still(c))
		end(e, c);
	if (!chim_tcp_still(c))
		chim_tcp_arm(e, c);
}
