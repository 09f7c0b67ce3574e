/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The chimney's engine between a peer and an application that both mean harm: bytes are a program
 * of segments, times, and what is written into the shared memory. Whatever they do, no byte outside
 * of the rings is touched, what is sent lies in the send ring, what is said to have come fits into
 * the receive ring, and no record is lost.
 */
#include "offload/chimney/fast/tcp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RING = CHIM_RING_MIN, BYTES = CHIM_SHM_PAGE + 2 * RING };

static struct {
	const uint8_t *data;
	size_t left;
	struct chim_engine *e;
	struct chim_tcp *c;
	struct chim_shm *shm;
	uint64_t now, said;
	unsigned int nobufs, closed;
} f;

static uint32_t byte(void)
{
	if (!f.left)
		return 0;
	f.left--;
	return *f.data++;
}

static uint32_t word(void)
{
	uint32_t high = byte();

	return high << 8 | byte();
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int on_send(void *ctx, void *user, const struct chim_out *out)
{
	uint8_t *ring = (uint8_t *)f.shm + CHIM_SHM_PAGE;
	struct chim_seg seg;
	size_t len = 0;
	uint32_t l = out->l3_len + out->l4_len;

	must(chim_hdr_parse(out->headers, l, l + out->len, 0, out->l3_len, out->l4_len, &seg) >= 0);
	must(out->n_data <= CHIM_OUT_PIECES && out->len <= CHIM_UNIT_BYTES);
	for (uint8_t i = 0; i < out->n_data; i++) {
		uint8_t *at = out->data[i].iov_base;

		must(at >= ring && at + out->data[i].iov_len <= ring + RING);
		len += out->data[i].iov_len;
	}
	must(len == out->len);
	must(seq_geq(seg.seq, f.c->snd_una - 1) && seq_leq(seg.seq, f.c->snd_nxt));
	if (!f.nobufs)
		return 0;
	f.nobufs--;
	return -105; /* ENOBUFS */
}

static void on_wake(void *ctx, void *user)
{
}

static void on_upload(void *ctx, void *user, enum chim_upload reason)
{
	must(reason == CHIM_UPLOAD_URGENT || reason == CHIM_UPLOAD_TIMEOUT);
}

static void on_closed(void *ctx, void *user, int error)
{
	must(!f.closed++);
}

/* A segment near enough to be looked at. */
static void segment(void)
{
	static uint8_t payload[4096];
	struct iovec data[2];
	uint8_t opts[CHIM_OPTS_BYTES];
	struct chim_opts o = {0};
	struct chim_seg s = {.segs = 1, .opts = opts, .data = data};
	uint32_t what = byte();

	s.flags = (uint8_t)byte();
	s.seq = f.c->rcv_nxt + (uint32_t)(int16_t)word();
	s.ack = f.c->snd_una + (uint32_t)(int16_t)word();
	if (what & 1)
		s.seq = f.c->rcv_nxt;
	if (what & 2)
		s.ack = f.c->snd_nxt;
	s.wnd = (uint16_t)word();
	s.tos = what & 4 ? CHIM_ECN_CE : 0;
	s.len = word() % sizeof(payload);
	data[0] = (struct iovec){payload, s.len / 2};
	data[1] = (struct iovec){payload + s.len / 2, s.len - s.len / 2};
	s.n_data = s.len ? 2 : 0;
	o.has_ts = what & 8;
	o.tsval = f.c->ts_recent + (uint32_t)(int8_t)byte();
	o.tsecr = chim_tcp_ts_now(f.e, f.c) + 16 - byte();
	for (o.n_sack = 0; o.n_sack < (what >> 4 & 3); o.n_sack++) {
		o.sack[o.n_sack].start = s.ack + (uint32_t)(int16_t)word();
		o.sack[o.n_sack].end = o.sack[o.n_sack].start + word();
	}
	s.opts_len = (uint16_t)chim_opts_build(&o, opts);
	chim_engine_input(f.e, f.c, &s, f.now);
}

static void application(void)
{
	uint64_t room = RING - (f.shm->snd_head - f.shm->snd_tail);

	switch (byte() % 8) {
	case 0:
	case 1:
		f.shm->snd_head += room < RING ? word() % (room + 1) : 0;
		break;
	case 2:
	case 3:
		f.shm->rcv_tail += (f.shm->rcv_head - f.shm->rcv_tail) * (byte() % 5) / 4;
		break;
	case 4:
		f.shm->app_flags = byte();
		break;
	case 5:
		f.shm->snd_head += (uint64_t)(int64_t)(int16_t)word();
		break;
	case 6:
		f.shm->rcv_tail += (uint64_t)(int64_t)(int16_t)word();
		break;
	default:
		/* Anything anywhere. */
		((uint8_t *)f.shm)[word() % CHIM_SHM_PAGE] = (uint8_t)byte();
	}
	chim_engine_rung(f.e, f.c, f.now);
}

static void host(void)
{
	struct chim_tcp_state s;
	struct chim_tcp_info i;

	switch (byte() % 6) {
	case 0:
		chim_engine_freeze(f.e, f.c, f.now);
		if (chim_engine_dump(f.e, f.c, &s) == 0)
			must(s.snd_len <= RING && s.rcv_len <= RING && s.unsent_len <= s.snd_len &&
			     s.snd_nxt == s.snd_una + s.snd_len - s.unsent_len);
		break;
	case 1:
		chim_engine_thaw(f.e, f.c, f.now);
		break;
	case 2:
		chim_engine_set_mtu(f.e, f.c, (uint16_t)word(), f.now);
		break;
	case 3:
		f.nobufs = byte() % 8;
		break;
	case 4:
		chim_engine_info(f.e, f.c, &i, f.now);
		break;
	default:
		if (byte() % 4 == 0)
			chim_engine_close(f.e, f.c, byte() & 1, word(), f.now);
	}
}

/* What must hold whatever happened. */
static void check(void)
{
	const struct chim_pool *p = &f.e->pool;
	uint32_t at = f.c->snd_una, n = 0, sacked = 0, lost = 0;

	for (uint32_t i = f.c->flight.head; i != CHIM_NO_REC; i = p->recs[i].next, n++) {
		const struct chim_rec *r = &p->recs[i];

		must(r->seq == at && seq_lt(r->seq, r->end));
		at = r->end;
		sacked += r->state == CHIM_REC_SACKED ? r->end - r->seq : 0;
		lost += r->state == CHIM_REC_LOST ? r->end - r->seq : 0;
	}
	must(at == f.c->snd_nxt && n == f.c->flight.n);
	must(sacked == f.c->flight.sacked && lost == f.c->flight.lost);
	must(p->n_free + n + f.c->n_ooo == p->size);
	must(f.c->rcv_head >= f.said && f.c->rcv_head - f.c->rcv_tail <= RING);
	must(f.c->snd_tail <= f.c->snd_sent && f.c->snd_sent <= f.c->snd_head &&
	     f.c->snd_head - f.c->snd_tail <= RING);
	f.said = f.c->rcv_head;
}

static bool start(void)
{
	static const struct chim_engine_ops ops = {on_send, on_wake, on_upload, on_closed};
	uint32_t bits = byte();
	struct chim_engine_conf conf = {.max_conns = 1, .ops = &ops, .tso = bits & 1};
	struct chim_tcp_state s = {
		.mss = 1000,
		.timestamps = bits & 2,
		.sack = !(bits & 4),
		.ecn = bits & 8,
		.wscale = bits & 16,
		.rcv_wscale = 3,
		.snd_wscale = 5,
		.nodelay = bits & 32,
		.cc = "cubic",
		.path = {.mtu = 1500, .ttl = 64},
		.snd_wnd = word(),
		.rcv_wnd = word(),
		.snd_una = word() << 16,
		.rcv_nxt = word() << 16,
		.ts_recent = 1,
		.cwnd = byte(),
		.srtt_us = word(),
		.user_timeout_ms = bits & 64 ? 30000 : 0,
		.keepalive = bits & 128,
		.keep_idle_s = 1,
	};

	s.snd_nxt = s.snd_una;
	s.rcv_wup = s.rcv_nxt;
	s.snd_wl1 = s.rcv_nxt - 1;
	f.shm->snd_size = f.shm->rcv_size = RING;
	f.shm->snd_off = CHIM_SHM_PAGE;
	f.shm->rcv_off = CHIM_SHM_PAGE + RING;
	f.shm->bytes = BYTES;
	f.e = chim_engine_new(&conf);
	must(f.e != NULL);
	f.c = chim_engine_start(f.e, &s, f.shm, NULL, f.now);
	return f.c != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&f, 0, sizeof(f));
	f.data = data;
	f.left = size;
	f.now = NS_PER_S;
	f.shm = calloc(1, BYTES);
	must(f.shm != NULL);
	must(start());
	while (f.left && !f.closed) {
		uint32_t op = byte();

		if (op % 8 < 3)
			segment();
		else if (op % 8 < 5)
			application();
		else if (op % 8 == 5)
			host();
		else
			f.now += op % 8 == 6 ? byte() * NS_PER_MS : word() * NS_PER_S / 64;
		if (op & 8)
			chim_engine_run(f.e, f.now);
		check();
	}
	chim_engine_stop(f.e, f.c);
	must(f.e->pool.n_free == f.e->pool.size && f.e->pool.promised == 0);
	chim_engine_free(f.e);
	free(f.shm);
	return 0;
}
