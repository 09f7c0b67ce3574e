/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/end.h"
#include "tests/chim/pattern.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PIECES_MAX = 5 };

void end_fail(struct end *x, const char *fmt, ...)
{
	va_list args;
	int n;

	if (x->bad++ > 0)
		return;
	n = snprintf(x->why, sizeof(x->why), "%s: ", x->name);
	va_start(args, fmt);
	vsnprintf(x->why + n, sizeof(x->why) - (size_t)n, fmt, args);
	va_end(args);
}

/* Payload that leaves: is it what was written there, within the peer's window? */
static void check_payload(struct end *x, const struct chim_out *out, uint32_t seq)
{
	uint64_t pos = x->snd_base + (uint32_t)(seq - x->snd_first - (uint32_t)x->snd_base);
	uint32_t at = 0;

	if ((int32_t)(seq + out->len - x->edge) > 0)
		end_fail(x, "sent %u bytes beyond the window", seq + out->len - x->edge);
	if (pos + out->len > x->wrote)
		end_fail(x, "sent what was not written: %lu+%u of %lu", pos, out->len, x->wrote);
	for (uint8_t i = 0; i < out->n_data; i++) {
		uint32_t len = (uint32_t)out->data[i].iov_len;

		if (pattern_check(x->stream_out, pos + at, out->data[i].iov_base, len) != len)
			end_fail(x, "sent wrong bytes at %lu", pos + at);
		at += len;
	}
	if (at != out->len)
		end_fail(x, "pieces of %u bytes, not %u", at, out->len);
}

/* The window that is announced: it does not shrink, and grows only where the ring has room. */
static void check_window(struct end *x, const struct chim_seg *seg)
{
	uint32_t scale = x->state.rcv_wscale, edge = seg->ack + ((uint32_t)seg->wnd << scale);
	uint32_t most = x->rcv_first + (uint32_t)x->read + x->rcv_size + 1; /* a FIN counts */

	if ((int32_t)(edge - x->told) <= -(1 << scale))
		end_fail(x, "its window shrank by %u", x->told - edge);
	if ((int32_t)(edge - x->told) <= 0)
		return;
	/* What was announced before it had a smaller ring stays, rounded up. */
	if ((int32_t)(edge - most) > 0 && (int32_t)(edge - x->told) >= 1 << scale)
		end_fail(x, "announced %u bytes without room", edge - most);
	x->told = edge;
}

static int send_out(void *ctx, void *user, const struct chim_out *out)
{
	struct end *x = ctx;
	struct iovec iov[1 + CHIM_OUT_PIECES] = {{(void *)(uintptr_t)out->headers, 0}};
	uint32_t headers = (uint32_t)out->l3_len + out->l4_len;
	struct chim_seg seg;

	if (rng_ppm(&x->rng, x->refuse_ppm)) {
		x->refused++;
		return -ENOBUFS;
	}
	x->sent++;
	if (chim_hdr_parse(out->headers, headers, headers + out->len, 0, out->l3_len, out->l4_len,
			   &seg) < 0 ||
	    seg.len != out->len) {
		end_fail(x, "sent headers that cannot be");
		return 0;
	}
	if (out->len > 0)
		check_payload(x, out, seg.seq);
	check_window(x, &seg);
	if ((out->segsz ? out->segsz : out->len) + seg.opts_len > x->state.mss)
		end_fail(x, "sent a segment of %u bytes", out->segsz ? out->segsz : out->len);
	iov[0].iov_len = headers;
	for (uint8_t i = 0; i < out->n_data; i++)
		iov[1 + i] = out->data[i];
	link_put(x->out, iov, 1u + out->n_data, out->l3_len, out->l4_len, out->segsz, x->now);
	return 0;
}

static void wake(void *ctx, void *user)
{
	((struct end *)ctx)->woken = true;
}

static void want_upload(void *ctx, void *user, enum chim_upload reason)
{
	((struct end *)ctx)->wish = reason;
}

static void closed(void *ctx, void *user, int error)
{
	struct end *x = ctx;

	if (x->closed)
		end_fail(x, "closed twice");
	x->closed = true;
	x->error = error;
	x->woken = true;
}

static const struct chim_engine_ops ops = {
	.send = send_out,
	.wake = wake,
	.want_upload = want_upload,
	.closed = closed,
};

void end_init(struct end *x, const char *name, const struct end_conf *conf, struct link *out,
	      uint64_t seed)
{
	struct chim_engine_conf engine = {.max_conns = 2, .ops = &ops, .ctx = x, .tso = conf->tso};

	*x = (struct end){.name = name, .out = out, .rng = {seed}};
	x->stream_out = conf->stream_out;
	x->stream_in = conf->stream_in;
	x->snd_size = conf->snd_size;
	x->rcv_size = conf->rcv_size;
	x->refuse_ppm = conf->refuse_ppm;
	engine.time_wait_ms = conf->time_wait_ms;
	x->e = conf->engine ? conf->engine : chim_engine_new(&engine);
	if (!x->e)
		abort();
	chim_engine_set_tso(x->e, conf->tso);
}

static void shm_free(struct end *x)
{
	if (x->shm)
		munmap(x->shm, x->shm->bytes);
	x->shm = NULL;
}

static void shm_new(struct end *x)
{
	uint64_t bytes = CHIM_SHM_PAGE + (uint64_t)x->snd_size + x->rcv_size;
	struct chim_shm *shm =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (shm == MAP_FAILED)
		abort();
	shm->magic = CHIM_SHM_MAGIC;
	shm->version = CHIM_SHM_VERSION;
	shm->snd_size = x->snd_size;
	shm->rcv_size = x->rcv_size;
	shm->snd_off = CHIM_SHM_PAGE;
	shm->rcv_off = CHIM_SHM_PAGE + x->snd_size;
	shm->bytes = bytes;
	x->shm = shm;
}

struct chim_engine *end_leave(struct end *x)
{
	if (x->c)
		chim_engine_stop(x->e, x->c);
	shm_free(x);
	return x->e;
}

void end_free(struct end *x)
{
	chim_engine_free(end_leave(x));
}

bool end_start(struct end *x, uint64_t now)
{
	const struct chim_tcp_state *s = &x->state;
	uint32_t flags = (s->nodelay ? CHIM_APP_NODELAY : 0) | (s->cork ? CHIM_APP_CORK : 0) |
			 (s->keepalive ? CHIM_APP_KEEPALIVE : 0);

	x->now = now;
	shm_new(x);
	x->snd_base = x->wrote - s->snd_len;
	x->rcv_base = x->read;
	end_ring_fill(x, x->shm->snd_off, x->snd_size, 0, x->stream_out, x->snd_base, s->snd_len);
	end_ring_fill(x, x->shm->rcv_off, x->rcv_size, 0, x->stream_in, x->rcv_base, s->rcv_len);
	atomic_store(&x->shm->snd_head, s->snd_len);
	atomic_store(&x->shm->rcv_head, s->rcv_len);
	atomic_store(&x->shm->app_flags, flags | (x->shut ? CHIM_APP_SHUT_WR : 0));
	if (!x->edge_set) {
		x->edge = s->snd_una + s->snd_wnd;
		x->told = s->rcv_wup + s->rcv_wnd;
	}
	x->edge_set = true;
	x->woken = true;
	x->c = chim_engine_start(x->e, s, x->shm, x, now);
	return x->c != NULL;
}

/* Is what was dumped what this end knows of its streams? */
static void check_dump(struct end *x)
{
	const struct chim_tcp_state *s = &x->state;
	uint64_t head = atomic_load(&x->shm->snd_head), tail = atomic_load(&x->shm->snd_tail);
	uint64_t got = atomic_load(&x->shm->rcv_head);
	uint32_t fin = s->phase == CHIM_CLOSE_WAIT;

	if (tail + s->snd_len != head)
		end_fail(x, "dumped a send queue of %u bytes, not %lu", s->snd_len, head - tail);
	if (s->snd_nxt != s->snd_una + s->snd_len - s->unsent_len)
		end_fail(x, "dumped a send queue that contradicts itself");
	if (s->snd_una != x->snd_first + (uint32_t)(x->wrote - s->snd_len))
		end_fail(x, "dumped a wrong snd_una");
	if (s->rcv_nxt - fin != x->rcv_first + (uint32_t)(x->read + s->rcv_len))
		end_fail(x, "dumped a wrong rcv_nxt");
	if (!end_ring_check(x, x->shm->snd_off, x->snd_size, tail, x->stream_out,
			    x->wrote - s->snd_len, s->snd_len))
		end_fail(x, "dumped wrong bytes to be sent");
	if (!end_ring_check(x, x->shm->rcv_off, x->rcv_size, got - s->rcv_len, x->stream_in,
			    x->read, s->rcv_len))
		end_fail(x, "dumped wrong bytes received");
}

void end_run(struct end *x, uint64_t now)
{
	x->now = now;
	chim_engine_run(x->e, now);
}

bool end_take(struct end *x, uint64_t now)
{
	uint64_t sent;
	int ret;

	x->now = now;
	chim_engine_freeze(x->e, x->c, now);
	sent = x->sent;
	chim_engine_run(x->e, now);
	if (!(atomic_load(&x->shm->flued_flags) & CHIM_FLUED_FROZEN) || x->sent != sent)
		end_fail(x, "does not stand still");
	ret = chim_engine_dump(x->e, x->c, &x->state);
	if (ret != 0) {
		if (ret != -ENOTCONN)
			end_fail(x, "cannot be dumped: %d", ret);
		chim_engine_thaw(x->e, x->c, now);
		return false;
	}
	check_dump(x);
	chim_engine_stop(x->e, x->c);
	x->c = NULL;
	shm_free(x);
	return true;
}

/* Payload as a port may have it: in one piece or several, of any size. */
static uint16_t pieces(struct end *x, const uint8_t *p, uint32_t len, struct iovec *out)
{
	uint16_t n = 0;

	while (len > 0) {
		uint32_t bytes = n + 1 == PIECES_MAX || rng_ppm(&x->rng, 700000)
					 ? len
					 : 1 + (uint32_t)rng_below(&x->rng, len);

		out[n++] = (struct iovec){(void *)(uintptr_t)p, bytes};
		p += bytes;
		len -= bytes;
	}
	return n;
}

void end_input(struct end *x, const struct packet *p, uint64_t now)
{
	struct iovec data[PIECES_MAX];
	struct chim_seg seg;
	uint32_t edge;
	int at;

	x->now = now;
	at = chim_hdr_parse(p->bytes, p->len, p->len, 0, p->l3_len, p->l4_len, &seg);
	if (at < 0) {
		end_fail(x, "got headers that cannot be");
		return;
	}
	edge = seg.ack + ((uint32_t)seg.wnd << x->state.snd_wscale);
	/* Of what may be believed: it acknowledges nothing that was never written. */
	if (x->snd_first + (uint32_t)x->wrote + 1 - seg.ack <= 2 * CHIM_RING_MAX &&
	    (int32_t)(edge - x->edge) > 0)
		x->edge = edge;
	seg.n_data = pieces(x, p->bytes + at, seg.len, data);
	seg.data = data;
	seg.segs = (uint16_t)packet_count(p);
	chim_engine_input(x->e, x->c, &seg, now);
}
