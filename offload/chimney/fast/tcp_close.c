/* SPDX-License-Identifier: BSD-3-Clause */
/* The ways a connection ends: RFC 9293 3.6 and 3.10.4, for states from ESTABLISHED on. */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>

void chim_tcp_gone(struct chim_engine *e, struct chim_tcp *c, int error)
{
	if (c->phase == PHASE_CLOSED)
		return;
	c->phase = PHASE_CLOSED;
	c->error = error;
	chim_timer_cancel(&e->wheel, &c->timer);
	chim_ooo_forget(e, c);
	if (error && !c->orphan) {
		atomic_store_explicit(&c->shm->error, error, memory_order_relaxed);
		c->flags |= CHIM_FLUED_ERROR;
	}
	chim_tcp_event(e, c, EVENT_CLOSED | (c->orphan ? 0 : EVENT_END));
	chim_tcp_mark(e, c, 0);
}

void chim_tcp_abort(struct chim_engine *e, struct chim_tcp *c, int error)
{
	if (c->phase == PHASE_CLOSED)
		return;
	if (c->phase != PHASE_TIME_WAIT)
		chim_tcp_send_rst(e, c);
	chim_tcp_gone(e, c, error);
}

static void time_wait(struct chim_engine *e, struct chim_tcp *c)
{
	c->phase = PHASE_TIME_WAIT;
	c->rto_due = c->tlp_due = c->reo_due = c->persist_due = c->keep_due = NEVER;
	c->end_due = e->now + e->conf.time_wait_ms * NS_PER_MS;
}

void chim_tcp_got_fin(struct chim_engine *e, struct chim_tcp *c)
{
	c->rcv_nxt++;
	c->flags |= CHIM_FLUED_FIN;
	chim_ooo_forget(e, c);
	chim_tcp_event(e, c, EVENT_END);
	chim_tcp_mark(e, c, MARK_ACK);
	if (c->phase == PHASE_ESTAB)
		c->phase = PHASE_CLOSE_WAIT;
	else if (c->phase == PHASE_FIN_WAIT_1)
		c->phase = PHASE_CLOSING;
	else
		time_wait(e, c);
}

void chim_tcp_fin_again(struct chim_engine *e, struct chim_tcp *c)
{
	if (c->phase == PHASE_TIME_WAIT)
		c->end_due = e->now + e->conf.time_wait_ms * NS_PER_MS;
}

void chim_tcp_fin_sent(struct chim_tcp *c)
{
	c->fin_sent = true;
	c->phase = c->phase == PHASE_ESTAB ? PHASE_FIN_WAIT_1 : PHASE_LAST_ACK;
}

void chim_tcp_fin_acked(struct chim_engine *e, struct chim_tcp *c)
{
	if (c->phase == PHASE_CLOSING) {
		time_wait(e, c);
	} else if (c->phase == PHASE_LAST_ACK) {
		chim_tcp_gone(e, c, 0);
	} else if (c->phase == PHASE_FIN_WAIT_1) {
		c->phase = PHASE_FIN_WAIT_2;
		c->end_due = c->orphan ? e->now + TCP_FIN_WAIT_2_MS * NS_PER_MS : NEVER;
	}
}

void chim_engine_close(struct chim_engine *e, struct chim_tcp *c, bool abort, uint32_t linger_ms,
		       uint64_t now)
{
	e->now = now;
	if (c->phase == PHASE_CLOSED || c->orphan || !chim_rings_take(e, c))
		return;
	chim_rings_tell(e, c);
	c->orphan = true;
	if (c->halted)
		chim_tcp_timer_rto(e, c);
	c->halted = false;
	if (abort || c->rcv_tail != c->rcv_head) {
		chim_tcp_abort(e, c, ECONNRESET);
		return;
	}
	c->fin_wanted = true;
	if (c->phase == PHASE_FIN_WAIT_2)
		c->end_due = now + TCP_FIN_WAIT_2_MS * NS_PER_MS;
	else if (c->phase != PHASE_TIME_WAIT && linger_ms != UINT32_MAX)
		c->end_due = now + linger_ms * NS_PER_MS;
	chim_tcp_mark(e, c, MARK_OUT);
	chim_tcp_arm(e, c);
}
