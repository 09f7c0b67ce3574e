/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine around its connections: slots, the list of those that are to be looked at, the round.
 *
 * Input, the application's bell and timers only mark a connection, so that a burst of segments is
 * answered by one acknowledgment, told by one store of an index, and followed by one large unit. A
 * connection that nothing happens to is touched by nobody: a round costs what is marked and due.
 *
 * The surroundings are called back at the end of the round, when the engine holds no pointer to
 * anything: a callback may freeze or stop any connection.
 */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

const size_t chim_tcp_bytes = sizeof(struct chim_tcp);

static size_t conns_bytes(uint32_t max)
{
	return (size_t)max * sizeof(struct chim_tcp);
}

struct chim_engine *chim_engine_new(const struct chim_engine_conf *conf)
{
	struct chim_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->conf = *conf;
	if (!e->conf.time_wait_ms)
		e->conf.time_wait_ms = TCP_TIME_WAIT_MS;
	e->marked_end = &e->marked;
	e->told_end = &e->told;
	chim_wheel_init(&e->wheel, 0);
	/* Pages of slots that are never used are never there. */
	e->conns = mmap(NULL, conns_bytes(conf->max_conns), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (e->conns == MAP_FAILED)
		goto free_engine;
	if (chim_pool_init(&e->pool, conf->max_conns * 8 + 16384))
		goto unmap_conns;
	return e;
unmap_conns:
	munmap(e->conns, conns_bytes(conf->max_conns));
free_engine:
	free(e);
	return NULL;
}

void chim_engine_free(struct chim_engine *e)
{
	if (!e)
		return;
	chim_pool_free(&e->pool);
	munmap(e->conns, conns_bytes(e->conf.max_conns));
	free(e);
}

struct chim_tcp *chim_tcp_slot_take(struct chim_engine *e)
{
	struct chim_tcp *c = e->free_conns;

	if (c)
		e->free_conns = c->next_marked;
	else if (e->n_used < e->conf.max_conns)
		c = &e->conns[e->n_used++];
	if (!c)
		return NULL;
	*c = (struct chim_tcp){.used = true};
	if (!chim_flight_init(&e->pool, &c->flight)) {
		chim_tcp_slot_give(e, c);
		return NULL;
	}
	return c;
}

/* A slot on one of the lists is given back when it is taken off that. */
void chim_tcp_slot_give(struct chim_engine *e, struct chim_tcp *c)
{
	c->used = false;
	if (c->queued || c->queued_event)
		return;
	c->next_marked = e->free_conns;
	e->free_conns = c;
}

void chim_tcp_mark(struct chim_engine *e, struct chim_tcp *c, uint8_t marks)
{
	c->marks |= marks;
	if (c->queued)
		return;
	c->queued = true;
	c->next_marked = NULL;
	*e->marked_end = c;
	e->marked_end = &c->next_marked;
}

void chim_tcp_event(struct chim_engine *e, struct chim_tcp *c, uint8_t events)
{
	c->events |= events;
	if (c->queued_event)
		return;
	c->queued_event = true;
	c->next_event = NULL;
	*e->told_end = c;
	e->told_end = &c->next_event;
}

bool chim_tcp_halt(struct chim_engine *e, struct chim_tcp *c, enum chim_upload reason)
{
	if (c->asked & 1u << reason)
		return false;
	c->asked |= (uint16_t)(1u << reason);
	c->halted = true;
	c->upload = reason;
	chim_timer_cancel(&e->wheel, &c->timer);
	chim_tcp_event(e, c, EVENT_UPLOAD);
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void chim_tcp_arm(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t due = least(least(least(c->rto_due, c->tlp_due), least(c->reo_due, c->ack_due)),
			     least(least(c->persist_due, c->keep_due), c->end_due));

	if (due <= e->now)
		due = e->now + 1;
	if (due != c->timer.due || !chim_timer_is_set(&c->timer))
		chim_timer_set(&e->wheel, &c->timer, due);
}

/* What is worth telling: two segments, or half of a small ring. */
static uint32_t window_step(const struct chim_tcp *c)
{
	uint32_t step = c->rcv_mss * 2u, half = (c->rcv_mask + 1) / 2;

	return step < half ? step : half;
}

static uint32_t window_left(const struct chim_tcp *c)
{
	return seq_gt(c->rcv_edge, c->rcv_nxt) ? c->rcv_edge - c->rcv_nxt : 0;
}

bool chim_tcp_shut_in_vain(const struct chim_tcp *c)
{
	uint32_t step = window_step(c);

	return c->phase != PHASE_TIME_WAIT && window_left(c) < step &&
	       chim_tcp_window_growth(c) >= step;
}

/* It read: the peer may have to know of the room; or all there was, and will say nothing soon. */
static bool has_read(const struct chim_tcp *c)
{
	uint32_t growth = chim_tcp_window_growth(c);

	return (growth >= window_step(c) && growth >= window_left(c)) ||
	       (c->rcv_nxt != c->rcv_wup && c->pushed && !c->pingpong &&
		c->rcv_tail == c->rcv_head);
}

static void serve(struct chim_engine *e, struct chim_tcp *c)
{
	uint64_t tail = c->rcv_tail;

	if (!chim_rings_take(e, c))
		return;
	if (chim_tcp_shut_in_vain(c) ||
	    (c->rcv_tail != tail && c->phase != PHASE_TIME_WAIT && has_read(c)))
		c->marks |= MARK_ACK;
	chim_tcp_output(e, c);
	if (c->marks & MARK_ACK)
		chim_tcp_send_ack(e, c);
	chim_tcp_arm(e, c);
}

static void look_at(struct chim_engine *e, struct chim_tcp *c)
{
	c->queued = false;
	if (!c->used) {
		chim_tcp_slot_give(e, c);
		return;
	}
	c->marks &= MARK_ACK;
	if (c->frozen)
		return;
	if (!chim_tcp_still(c))
		serve(e, c);
	chim_rings_tell(e, c);
	chim_tcp_tell_info(e, c);
}

/* Does the application sleep for one of these? */
static bool awaited(const struct chim_tcp *c, uint8_t events)
{
	uint32_t flags;

	if (events & EVENT_END)
		return true;
	flags = atomic_load_explicit(&c->shm->app_flags, memory_order_relaxed);
	return (events & EVENT_IN && flags & CHIM_APP_WAIT_IN) ||
	       (events & EVENT_OUT && flags & CHIM_APP_WAIT_OUT);
}

static void tell(struct chim_engine *e, struct chim_tcp *c)
{
	const struct chim_engine_ops *ops = e->conf.ops;
	uint8_t events = c->events, reason = c->upload;
	void *user = c->user;
	int error = c->error;

	c->queued_event = false;
	c->events = 0;
	if (!c->used) {
		chim_tcp_slot_give(e, c);
		return;
	}
	if (events & (EVENT_IN | EVENT_OUT | EVENT_END) && !c->orphan && awaited(c, events)) {
		e->stats.wakes++;
		ops->wake(e->conf.ctx, user);
	}
	/* From here on it may be gone, or be another one. */
	if (events & EVENT_UPLOAD && !(events & EVENT_CLOSED))
		ops->want_upload(e->conf.ctx, user, (enum chim_upload)reason);
	if (events & EVENT_CLOSED)
		ops->closed(e->conf.ctx, user, error);
}

uint32_t chim_engine_run(struct chim_engine *e, uint64_t now)
{
	struct chim_timer *t;
	struct chim_tcp *c, *next;
	uint32_t n = 0;

	e->now = now;
	for (; (t = chim_wheel_pop(&e->wheel, now)); n++)
		chim_tcp_timer(e,
			       (struct chim_tcp *)((char *)t - offsetof(struct chim_tcp, timer)));
	c = e->marked;
	e->marked = NULL;
	e->marked_end = &e->marked;
	for (; c; c = next, n++) {
		next = c->next_marked;
		look_at(e, c);
	}
	if (!e->told)
		return n;
	/* The application sets its flag and then looks at the index; here it is the other way
	 * round, and one of both must see the other (a fence for all of them is enough). */
	atomic_thread_fence(memory_order_seq_cst);
	while ((c = e->told)) {
		e->told = c->next_event;
		if (!e->told)
			e->told_end = &e->told;
		tell(e, c);
		n++;
	}
	return n;
}

uint64_t chim_engine_next(const struct chim_engine *e)
{
	return e->marked || e->told ? e->now : chim_wheel_next(&e->wheel);
}

void chim_engine_rung(struct chim_engine *e, struct chim_tcp *c, uint64_t now)
{
	e->now = now;
	chim_tcp_mark(e, c, MARK_RINGS);
}

const struct chim_engine_stats *chim_engine_stats(const struct chim_engine *e)
{
	return &e->stats;
}

void chim_engine_set_tso(struct chim_engine *e, bool tso)
{
	e->conf.tso = tso;
}
