/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

uint8_t wire_byte(uint64_t pos)
{
	return (uint8_t)(pos * 7 + (pos >> 8) * 13 + (pos >> 16));
}

void wire_failed(const struct wire *w, const char *file, int line, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	print_error("line %d of the script (`%s`), byte 0 is %u: ", w->number,
		    w->line ? w->line : "", w->local);
	vprint_error(why, args);
	print_error("\n");
	va_end(args);
	_fail(file, line);
	abort();
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Every byte that goes out is what the application wrote there. */
static void check_payload(struct wire *w, const struct chim_out *out, uint32_t seq)
{
	uint64_t pos = seq - w->local;
	uint32_t len = 0;

	for (uint8_t i = 0; i < out->n_data; i++) {
		const uint8_t *p = out->data[i].iov_base;

		for (size_t k = 0; k < out->data[i].iov_len; k++, pos++)
			if (p[k] != wire_byte(pos))
				wire_fail(w, "sent a wrong byte %llu", (unsigned long long)pos);
		len += (uint32_t)out->data[i].iov_len;
	}
	if (len != out->len)
		wire_fail(w, "pieces of %u bytes, not %u", len, out->len);
}

static int on_send(void *ctx, void *user, const struct chim_out *out)
{
	struct wire *w = ctx;
	struct wire_sent *s = &w->sent[w->n_sent];
	uint8_t l3 = out->l3_len, l4 = out->l4_len;

	if (w->nobufs) {
		w->nobufs--;
		return -ENOBUFS;
	}
	if (w->n_sent == WIRE_KEPT)
		wire_fail(w, "more was sent than is kept");
	*s = (struct wire_sent){.segsz = out->segsz, .at = w->now};
	memcpy(s->headers, out->headers, sizeof(s->headers));
	if (chim_hdr_parse(s->headers, l3 + l4, l3 + l4 + out->len, 0, l3, l4, &s->seg) < 0 ||
	    s->seg.len != out->len || be32(s->headers + l3 + 4) != s->seg.seq)
		wire_fail(w, "headers that cannot be parsed");
	if (chim_opts_parse(s->seg.opts, s->seg.opts_len, &s->opts))
		wire_fail(w, "options that cannot be parsed");
	if (out->len && !(out->segsz == 0 ? out->len <= 65000 : out->segsz < out->len))
		wire_fail(w, "a unit of %u in segments of %u", out->len, out->segsz);
	check_payload(w, out, s->seg.seq);
	w->n_sent++;
	return 0;
}

static void on_wake(void *ctx, void *user)
{
	((struct wire *)ctx)->wakes++;
}

static void on_want_upload(void *ctx, void *user, enum chim_upload reason)
{
	((struct wire *)ctx)->upload = reason;
}

static void on_closed(void *ctx, void *user, int error)
{
	((struct wire *)ctx)->closed = error;
}

static const struct chim_engine_ops ops = {
	.send = on_send,
	.wake = on_wake,
	.want_upload = on_want_upload,
	.closed = on_closed,
};

void wire_init(struct wire *w, uint32_t local, uint32_t remote)
{
	memset(w, 0, sizeof(*w));
	w->local = local;
	w->remote = remote;
	w->snd_size = w->rcv_size = WIRE_RING;
	w->now = 3 * NS_PER_S;
	w->closed = -1;
	w->time_wait_ms = 1000;
	w->state = (struct chim_tcp_state){
		.tuple = {.local = {10, 0, 0, 1}, .remote = {10, 0, 0, 2}},
		.mss = 1000,
		.advmss = 1000,
		.sack = true,
		.path = {.mtu = 1500, .ttl = 64},
		.nodelay = true,
		.cc = "reno",
		.snd_una = local,
		.snd_nxt = local,
		.snd_wl1 = remote - 1,
		.snd_wnd = 65535,
		.max_window = 65535,
		.rcv_nxt = remote,
		.rcv_wup = remote,
		.rcv_wnd = 65535,
		.cwnd = 10,
		.srtt_us = 100000,
		.rttvar_us = 10000,
		.min_rtt_us = 100000,
	};
}

void wire_begin(struct wire *w)
{
	struct chim_engine_conf conf = {.max_conns = 4,
					.ops = &ops,
					.ctx = w,
					.tso = w->tso,
					.time_wait_ms = w->time_wait_ms};
	size_t bytes = CHIM_SHM_PAGE + (size_t)w->snd_size + w->rcv_size;

	w->shm = calloc(1, bytes);
	assert_non_null(w->shm);
	w->shm->snd_size = w->snd_size;
	w->shm->rcv_size = w->rcv_size;
	w->shm->snd_off = CHIM_SHM_PAGE;
	w->shm->rcv_off = CHIM_SHM_PAGE + (uint64_t)w->snd_size;
	w->shm->bytes = bytes;
	for (uint32_t i = 0; i < w->state.snd_len; i++)
		((uint8_t *)w->shm)[w->shm->snd_off + i] = wire_byte(i);
	w->shm->snd_head = w->state.snd_len;
	w->shm->rcv_head = w->state.rcv_len;
	w->state.snd_nxt = w->state.snd_una + w->state.snd_len - w->state.unsent_len;
	w->e = chim_engine_new(&conf);
	assert_non_null(w->e);
	w->c = chim_engine_start(w->e, &w->state, w->shm, w, w->now);
	if (!w->c)
		wire_fail(w, "it does not start");
	if (!w->quick)
		w->c->quick = 0;
	chim_engine_run(w->e, w->now);
}

void wire_end(struct wire *w)
{
	if (w->c)
		chim_engine_stop(w->e, w->c);
	chim_engine_free(w->e);
	free(w->shm);
}

void wire_input(struct wire *w, const struct chim_seg *seg)
{
	static uint8_t bytes[1 << 16];
	struct iovec data[3];
	struct chim_seg s = *seg;
	uint32_t third = s.len / 3;

	for (uint32_t i = 0; i < s.len; i++)
		bytes[i] = wire_byte((uint64_t)(s.seq - w->remote) + i);
	data[0] = (struct iovec){bytes, third};
	data[1] = (struct iovec){bytes + third, third};
	data[2] = (struct iovec){bytes + 2 * third, s.len - 2 * third};
	s.data = data;
	s.n_data = s.len ? 3 : 0;
	chim_engine_input(w->e, w->c, &s, w->now);
}

void wire_write(struct wire *w, uint32_t len)
{
	uint8_t *ring = (uint8_t *)w->shm + w->shm->snd_off;
	uint64_t head = w->shm->snd_head;

	if (head + len - w->shm->snd_tail > w->snd_size)
		wire_fail(w, "no room for it");
	for (uint32_t i = 0; i < len; i++, head++)
		ring[head & (w->snd_size - 1)] = wire_byte(head);
	w->shm->snd_head = head;
	chim_engine_rung(w->e, w->c, w->now);
	chim_engine_run(w->e, w->now);
}

void wire_read(struct wire *w, uint32_t len)
{
	const uint8_t *ring = (const uint8_t *)w->shm + w->shm->rcv_off;
	uint64_t tail = w->shm->rcv_tail;

	if (tail + len > w->shm->rcv_head)
		wire_fail(w, "only %llu bytes are there",
			  (unsigned long long)(w->shm->rcv_head - tail));
	for (uint32_t i = 0; i < len; i++, tail++)
		if (ring[tail & (w->rcv_size - 1)] != wire_byte(tail))
			wire_fail(w, "received a wrong byte %llu", (unsigned long long)tail);
	w->shm->rcv_tail = tail;
	chim_engine_rung(w->e, w->c, w->now);
	chim_engine_run(w->e, w->now);
}
