/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t ms = 1000000, second = 1000000000;
enum { STUCK_S = 4000, ROUNDS_MAX = 500000, TAKES_MAX = 50 };

static uint64_t soon(struct world *w, uint64_t mean)
{
	return w->now + 1 + rng_below(&w->rng, 2 * mean);
}

/* What both agreed on in a handshake. */
static void agree(struct world *w)
{
	struct rng *r = &w->rng;
	struct chim_tcp_state s = {.mss = 1460, .advmss = 1460, .path = {.mtu = 1500, .ttl = 64}};
	struct chim_tcp_state *a = &w->side[0].end.state, *b = &w->side[1].end.state;
	uint16_t mtus[] = {1500, 1500, 576, 9000};

	s.tuple.v6 = rng_ppm(r, 300000);
	s.path.mtu = mtus[rng_below(r, 4)];
	s.mss = s.path.mtu - 40 - (s.tuple.v6 ? 20 : 0);
	s.advmss = s.mss;
	s.timestamps = rng_ppm(r, 700000);
	s.sack = rng_ppm(r, 800000);
	s.wscale = rng_ppm(r, 800000);
	s.ecn = rng_ppm(r, 500000);
	strcpy(s.cc, rng_ppm(r, 500000) ? "cubic" : "reno");
	*a = s;
	*b = s;
	for (int i = 0; i < 2; i++) {
		struct chim_tcp_state *me = &w->side[i].end.state, *peer = &w->side[!i].end.state;

		me->tuple.local_port = peer->tuple.remote_port = htons(1000 + (uint16_t)i);
		me->tuple.local[0] = peer->tuple.remote[0] = (uint8_t)(10 + i);
		me->snd_una = me->snd_nxt = peer->rcv_nxt = peer->rcv_wup = rng_u32(r);
		peer->snd_wl1 = me->snd_una;
		me->rcv_wscale = peer->snd_wscale = s.wscale ? (uint8_t)rng_below(r, 9) : 0;
		me->rcv_wnd = peer->snd_wnd = peer->max_window =
			(uint32_t)rng_size(r, 65535) >> me->rcv_wscale << me->rcv_wscale;
		me->ts_offset = rng_u32(r);
		me->nodelay = rng_ppm(r, 400000);
		me->cork = rng_ppm(r, 100000);
		me->keepalive = rng_ppm(r, 200000);
		me->keep_idle_s = 1 + (uint32_t)rng_below(r, 10);
		me->keep_intvl_s = 1;
		me->keep_cnt = 20;
	}
}

static void make_habit(struct world *w, struct habit *h)
{
	struct rng *r = &w->rng;

	h->total = rng_below(r, 4) ? rng_size(r, 400000) : 0;
	h->write_most = rng_size(r, 100000);
	h->read_most = rng_size(r, 100000);
	/* Enough for the slowest that it ends. */
	if (h->write_most < h->total / 200)
		h->write_most = h->total / 200;
	if (h->read_most < 2000)
		h->read_most = 2000;
	h->pause_ns = ms / 5 + rng_size(r, 200 * ms);
	h->take_every = rng_below(r, 2) ? rng_size(r, 2 * second) : 0;
	if (h->take_every && h->take_every < ms)
		h->take_every = ms;
	h->take_at = h->take_every ? soon(w, h->take_every) : UINT64_MAX;
	h->abort_after = rng_ppm(r, 60000) ? rng_size(r, 100000) - 1 : UINT64_MAX;
	h->sleepy = rng_ppm(r, 500000);
	h->closes = rng_ppm(r, 300000);
	h->act_at = soon(w, h->pause_ns);
}

static void make_link(struct world *w, struct link_conf *c)
{
	struct rng *r = &w->rng;
	uint32_t worse = (uint32_t)rng_below(r, 4);

	*c = (struct link_conf){.delay_ns = rng_size(r, 50 * ms), .whole_ppm = 500000};
	if (worse == 0)
		return;
	c->jitter_ns = rng_below(r, 2) ? rng_size(r, c->delay_ns) : 0;
	c->late_ns = 1 + c->delay_ns * rng_below(r, 4);
	c->loss_ppm = (uint32_t)rng_below(r, worse * 40000);
	c->dup_ppm = (uint32_t)rng_below(r, worse * 30000);
	c->late_ppm = (uint32_t)rng_below(r, worse * 30000);
	c->mark_ppm = (uint32_t)rng_below(r, worse * 20000);
}

static uint32_t ring_size(struct world *w)
{
	return CHIM_RING_MIN << rng_below(&w->rng, 3);
}

static void begin(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->rng.state = seed * 77777;
	w->now = second + rng_below(&w->rng, 1000 * second);
	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i];
		struct end_conf conf = {.stream_out = 100 + (uint32_t)i, .time_wait_ms = 300000};
		struct link_conf link;

		conf.stream_in = 100 + (uint32_t)!i;
		conf.tso = rng_ppm(&w->rng, 700000);
		conf.snd_size = ring_size(w);
		conf.rcv_size = ring_size(w);
		conf.refuse_ppm = rng_ppm(&w->rng, 300000) ? 20000 : 0;
		make_link(w, &link);
		link_init(&s->out, &link, rng_u32(&w->rng));
		end_init(&s->end, i ? "b" : "a", &conf, &s->out, rng_u32(&w->rng));
		make_habit(w, &s->habit);
	}
	/* One of both has to end first. */
	w->side[1].habit.closes &= !w->side[0].habit.closes;
	agree(w);
	for (int i = 0; i < 2; i++) {
		struct end *x = &w->side[i].end;

		x->snd_first = x->state.snd_una;
		x->rcv_first = x->state.rcv_nxt;
		if (!end_start(x, w->now))
			end_fail(x, "does not start");
	}
}

static void finish(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i];

		w->packets += s->out.packets;
		end_free(&s->end);
		link_free(&s->out);
		for (uint32_t k = 0; k < s->n_held; k++)
			free(s->held[k]);
		free(s->held);
	}
}

/* close(): what it has not read or not written is given up. */
static void leave(struct world *w, struct side *s, bool abort)
{
	bool unread = atomic_load(&s->end.shm->rcv_head) != atomic_load(&s->end.shm->rcv_tail);

	/* What comes behind a close() is answered by a reset, too. */
	w->aborted |= abort || unread || !s->end.eof;
	s->habit.gone = true;
	end_close(&s->end, abort, w->now);
}

/* The application has time for one thing of each kind. */
static void act(struct world *w, struct side *s)
{
	struct end *x = &s->end;
	struct habit *h = &s->habit;
	uint32_t flags = atomic_load(&x->shm->flued_flags);
	uint64_t len = rng_size(&w->rng, h->write_most), most = rng_size(&w->rng, h->read_most);

	if (x->read >= h->abort_after || flags & CHIM_FLUED_ERROR) {
		leave(w, s, rng_ppm(&w->rng, 500000));
		return;
	}
	/* So that it ends. */
	if (len < h->total / 500)
		len = h->total / 500;
	if (most < 1000)
		most = 1000;
	if (x->wrote < h->total)
		end_write(x, (uint32_t)(len < h->total - x->wrote ? len : h->total - x->wrote),
			  w->now);
	end_read(x, (uint32_t)most, w->now);
	if (x->wrote < h->total)
		return;
	if (x->eof) {
		leave(w, s, false);
	} else if (!x->shut && !h->closes) {
		end_flags(x, CHIM_APP_SHUT_WR, 0, w->now);
	} else if (rng_ppm(&w->rng, 50000)) {
		end_flags(x, CHIM_APP_QUICKACK, CHIM_APP_CORK, w->now);
	}
}

/* Has it something to do, or does it say what it waits for and sleep? */
static bool falls_asleep(struct world *w, struct side *s)
{
	struct end *x = &s->end;
	uint32_t wait = CHIM_APP_WAIT_IN | (x->wrote < s->habit.total ? CHIM_APP_WAIT_OUT : 0);

	if (!s->habit.sleepy)
		return false;
	x->woken = false;
	atomic_fetch_or(&x->shm->app_flags, wait);
	if (end_readable(x) || (wait & CHIM_APP_WAIT_OUT && end_writable(x)))
		return false;
	return !x->eof;
}

static void act_if_time(struct world *w, struct side *s)
{
	struct habit *h = &s->habit;
	uint64_t moved;

	if (!s->end.c || h->gone)
		return;
	if (h->asleep && s->end.woken) {
		h->asleep = false;
		atomic_fetch_and(&s->end.shm->app_flags,
				 ~(uint32_t)(CHIM_APP_WAIT_IN | CHIM_APP_WAIT_OUT));
		h->act_at = soon(w, h->pause_ns / 10 + 1);
	}
	if (h->asleep || w->now < h->act_at)
		return;
	moved = s->end.wrote + s->end.read;
	act(w, s);
	/* Who finds nothing to do looks less and less often. */
	h->idle = s->end.wrote + s->end.read != moved ? 0 : h->idle + (h->idle < 8);
	h->act_at = soon(w, h->pause_ns << h->idle);
	if (!h->gone)
		h->asleep = falls_asleep(w, s);
}

/* Out of the engine for a while, then in again, with other rings. */
static void move_if_time(struct world *w, struct side *s)
{
	struct habit *h = &s->habit;
	struct end *x = &s->end;

	if (x->c && w->now >= h->take_at) {
		/* So often that it never gets anywhere would be no test. */
		h->take_at = ++h->takes < TAKES_MAX ? soon(w, h->take_every) : UINT64_MAX;
		if (h->gone || x->closed || !end_take(x, w->now))
			return;
		w->moves++;
		h->back_at = soon(w, 20 * ms);
		x->snd_size = ring_size(w);
		x->rcv_size = ring_size(w);
		while (x->snd_size < x->state.snd_len)
			x->snd_size *= 2;
		while (x->rcv_size < x->state.rcv_len)
			x->rcv_size *= 2;
	} else if (!x->c && !h->over && w->now >= h->back_at) {
		h->asleep = false;
		h->take_at = h->takes < TAKES_MAX ? soon(w, h->take_every) : UINT64_MAX;
		if (!end_start(x, w->now)) {
			end_fail(x, "does not start again");
			h->over = true;
			return;
		}
		for (uint32_t i = 0; i < s->n_held; i++) {
			end_input(x, s->held[i], w->now);
			free(s->held[i]);
		}
		s->n_held = 0;
	}
}

static void hold(struct side *s, const struct packet *p)
{
	struct packet *copy = malloc(sizeof(*p) + p->len);

	if (s->n_held == s->room_held) {
		s->room_held = 2 * s->room_held + 16;
		s->held = realloc(s->held, s->room_held * sizeof(*s->held));
	}
	if (!copy || !s->held)
		abort();
	memcpy(copy, p, sizeof(*p) + p->len);
	s->held[s->n_held++] = copy;
}

static void deliver(struct world *w, struct side *to, struct link *from)
{
	const struct packet *p;

	while ((p = link_get(from, w->now)) != NULL) {
		if (to->habit.over)
			end_refuse(&to->end, p, w->now);
		else if (to->end.c)
			end_input(&to->end, p, w->now);
		else
			hold(to, p);
	}
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When the next thing happens. */
static uint64_t next_time(struct world *w)
{
	uint64_t at = UINT64_MAX;

	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i];

		at = least(at, link_next(&s->out));
		if (s->habit.over)
			continue;
		if (!s->end.c) {
			at = least(at, s->habit.back_at);
			continue;
		}
		at = least(at, chim_engine_next(s->end.e));
		if (!s->habit.gone && (!s->habit.asleep || s->end.woken))
			at = least(at, s->habit.act_at);
		if (!s->habit.gone)
			at = least(at, s->habit.take_at);
	}
	return at;
}

static void step(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i];

		deliver(w, s, &w->side[!i].out);
		act_if_time(w, s);
		if (s->end.c)
			end_run(&s->end, w->now);
		if (s->end.closed && s->end.c) {
			/* The host takes it away; the application reads what is there. */
			while (!s->habit.gone && end_read(&s->end, UINT32_MAX, w->now) > 0)
				;
			end_read(&s->end, 0, w->now);
			chim_engine_stop(s->end.e, s->end.c);
			s->end.c = NULL;
			s->habit.over = true;
		}
		move_if_time(w, s);
	}
}

/* Of a connection that is over. */
static void judge(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		struct side *me = &w->side[i], *peer = &w->side[!i];

		if (me->end.wish != CHIM_UPLOAD_NONE && me->end.wish < CHIM_UPLOAD_TIMEOUT)
			end_fail(&me->end, "wants to be uploaded: %d", me->end.wish);
		if (w->aborted)
			continue;
		if (me->end.error != 0)
			end_fail(&me->end, "ended with error %d", me->end.error);
		if (me->end.read != peer->habit.total)
			end_fail(&me->end, "read %lu of %lu bytes", me->end.read,
				 peer->habit.total);
	}
}

const char *world_run(struct world *w, uint64_t seed)
{
	static char why[512];
	struct end *a = &w->side[0].end, *b = &w->side[1].end;
	uint64_t start;

	begin(w, seed);
	start = w->now;
	while (!a->bad && !b->bad && (!w->side[0].habit.over || !w->side[1].habit.over)) {
		uint64_t at = next_time(w);

		w->rounds++;
		/* The reset was lost, and the other has nothing to say: it waits for ever. */
		if (w->aborted && (w->rounds > ROUNDS_MAX / 4 || at > start + STUCK_S / 2 * second))
			break;
		if (at == UINT64_MAX || at > start + STUCK_S * second || w->rounds > ROUNDS_MAX) {
			end_fail(a,
				 "stuck after %lu rounds and %lu ms: a wrote %lu of %lu, "
				 "b read %lu; b wrote %lu of %lu, a read %lu",
				 w->rounds, (w->now - start) / ms, a->wrote, w->side[0].habit.total,
				 b->read, b->wrote, w->side[1].habit.total, a->read);
			break;
		}
		w->now = at > w->now ? at : w->now;
		step(w);
	}
	if (!a->bad && !b->bad)
		judge(w);
	snprintf(why, sizeof(why), "%s %s", a->why, b->why);
	finish(w);
	return a->bad || b->bad ? why : NULL;
}
