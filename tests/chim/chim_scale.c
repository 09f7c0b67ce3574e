/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chim_scale [CONNECTIONS]: what many connections (100000) cost a worker's engine. Two engines are
 * each other's peer, in made-up time:
 *
 *	idle	a turn in which nobody has anything to do
 *	probed	a minute in which each connection probes its peer (keepalive), and answers probes
 *	active	some send 64 bytes and are answered, the others are idle: cycles of both engines for
 *		each segment, with few and with many that are active
 *
 * What applications do with the bytes is not counted; that they get all of them is checked. The
 * figures are the machine's. Exit status 1: bytes were missing.
 */
#include "offload/chimney/fast/engine.h"
#include "offload/chimney/fast/hdr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <x86intrin.h>

enum {
	RING = CHIM_RING_MIN,
	STRIDE = CHIM_SHM_PAGE + 2 * RING,
	REQUEST = 64,
	FRAME_MAX = CHIM_OUT_HEADERS + REQUEST,
	QUEUE = 1 << 15,
	KEEP_S = 60,
	TURN_NS = 10000, /* of made-up time */
	TURNS = 40,	 /* requests of each connection */
};

struct frame {
	uint32_t conn;
	uint8_t l3_len, l4_len, len;
	uint8_t bytes[FRAME_MAX];
};

static struct side {
	struct chim_engine *e;
	struct chim_tcp **conns;
	uint8_t *memory; /* STRIDE bytes each */
	struct frame *queue;
	uint32_t n_queue;
	uint64_t cycles; /* in the engine */
} sides[2];

static uint32_t n_conns = 100000;
static uint64_t now_ns = 1000000000;

static void fatal(const char *what)
{
	fprintf(stderr, "chim_scale: %s\n", what);
	exit(1);
}

static struct chim_shm *shm_of(const struct side *s, uint32_t i)
{
	return (struct chim_shm *)(s->memory + (uint64_t)i * STRIDE);
}

/* Of a full queue nothing is lost: it is tried again. */
static int take(void *ctx, void *user, const struct chim_out *out)
{
	struct side *s = ctx;
	struct frame *f = &s->queue[s->n_queue];
	uint32_t at = (uint32_t)out->l3_len + out->l4_len;

	if (s->n_queue == QUEUE)
		return -1;
	if (at + out->len > FRAME_MAX)
		fatal("a segment is longer than what was written");
	f->conn = (uint32_t)(uintptr_t)user;
	f->l3_len = out->l3_len;
	f->l4_len = out->l4_len;
	memcpy(f->bytes, out->headers, at);
	for (uint8_t i = 0; i < out->n_data; i++) {
		memcpy(f->bytes + at, out->data[i].iov_base, out->data[i].iov_len);
		at += (uint32_t)out->data[i].iov_len;
	}
	f->len = (uint8_t)at;
	s->n_queue++;
	return 0;
}

static void wake(void *ctx, void *user)
{
}

static void want_upload(void *ctx, void *user, enum chim_upload reason)
{
	fatal("a connection is to be uploaded");
}

static void closed(void *ctx, void *user, int error)
{
	fatal("a connection ended");
}

static const struct chim_engine_ops ops = {take, wake, want_upload, closed};

static uint64_t run(struct side *s)
{
	uint64_t begin = __rdtsc(), took;

	chim_engine_run(s->e, now_ns);
	took = __rdtsc() - begin;
	s->cycles += took;
	return took;
}

/* What one sent arrives at the other. Returns how many segments. */
static uint32_t deliver(struct side *from, struct side *to)
{
	uint32_t n = from->n_queue;
	uint64_t begin = __rdtsc();

	for (uint32_t i = 0; i < n; i++) {
		const struct frame *f = &from->queue[i];
		struct chim_seg seg;
		struct iovec data;
		int at = chim_hdr_parse(f->bytes, f->len, f->len, 0, f->l3_len, f->l4_len, &seg);

		if (at < 0)
			fatal("a segment cannot be read");
		data = (struct iovec){(void *)(uintptr_t)(f->bytes + at), seg.len};
		seg.n_data = seg.len > 0;
		seg.data = &data;
		chim_engine_input(to->e, to->conns[f->conn], &seg, now_ns);
	}
	from->n_queue = 0;
	to->cycles += __rdtsc() - begin;
	return n;
}

/* All that follows from what was done, until both are quiet. Returns the segments. */
static uint32_t settle(void)
{
	uint32_t n = 0, moved;

	do {
		run(&sides[0]);
		moved = deliver(&sides[0], &sides[1]);
		run(&sides[1]);
		moved += deliver(&sides[1], &sides[0]);
		n += moved;
	} while (moved > 0);
	return n;
}

static void write_to(struct side *s, uint32_t i, uint64_t turn)
{
	struct chim_shm *shm = shm_of(s, i);
	uint64_t head = atomic_load(&shm->snd_head), begin;

	memset((uint8_t *)shm + shm->snd_off + (head & (RING - 1)), (int)(i + turn), REQUEST);
	atomic_store(&shm->snd_head, head + REQUEST);
	begin = __rdtsc();
	chim_engine_rung(s->e, s->conns[i], now_ns);
	s->cycles += __rdtsc() - begin;
}

static void read_from(struct side *s, uint32_t i, uint64_t turn)
{
	struct chim_shm *shm = shm_of(s, i);
	uint64_t tail = atomic_load(&shm->rcv_tail), begin;
	const uint8_t *at = (uint8_t *)shm + shm->rcv_off + (tail & (RING - 1));

	if (atomic_load(&shm->rcv_head) - tail != REQUEST || at[0] != (uint8_t)(i + turn) ||
	    at[REQUEST - 1] != at[0])
		fatal("bytes are missing");
	atomic_store(&shm->rcv_tail, tail + REQUEST);
	begin = __rdtsc();
	chim_engine_rung(s->e, s->conns[i], now_ns);
	s->cycles += __rdtsc() - begin;
}

/* Every connection of the first `active` asks, and is answered. Returns the segments. */
static uint64_t turn_of(uint32_t active, uint64_t turn)
{
	uint64_t n = 0;

	for (int asks = 0; asks < 2; asks++) {
		struct side *from = &sides[asks], *to = &sides[!asks];

		for (uint32_t i = 0; i < active; i++)
			write_to(from, i, turn);
		n += settle();
		for (uint32_t i = 0; i < active; i++)
			read_from(to, i, turn);
	}
	now_ns += TURN_NS;
	return n;
}

static void show_active(uint32_t active)
{
	uint64_t n = 0, cycles;

	sides[0].cycles = sides[1].cycles = 0;
	for (uint64_t turn = 0; turn < TURNS; turn++)
		n += turn_of(active, turn);
	cycles = sides[0].cycles + sides[1].cycles;
	printf("active  %6u of %u: %6.0f cycles a segment, both ends\n", active, n_conns,
	       (double)cycles / (double)n);
}

static void show_idle(void)
{
	enum { ROUNDS = 1000000 };
	uint64_t sum = 0, begin = now_ns, segments = 0;

	for (uint32_t i = 0; i < ROUNDS; i++)
		sum += run(&sides[0]);
	printf("idle    %u: %.0f cycles a turn with nothing to do, the clock's reading included\n",
	       n_conns, (double)sum / ROUNDS);
	sides[0].cycles = sides[1].cycles = 0;
	while (now_ns < begin + (KEEP_S + 5) * 1000000000ull) {
		segments += settle();
		now_ns += 100 * TURN_NS;
	}
	printf("probed  %u: %lu segments in a minute, %.0f million cycles of each end for all of "
	       "it\n",
	       n_conns, segments, (double)(sides[0].cycles + sides[1].cycles) / 2 / 1e6);
}

static void start(struct side *s, uint32_t i)
{
	bool b = s == &sides[1];
	struct chim_shm *shm = shm_of(s, i);
	struct chim_tcp_state state = {
		.tuple = {.local_port = (uint16_t)(b ? 2 : 1),
			  .remote_port = (uint16_t)(b ? 1 : 2)},
		.path = {.mtu = 1500, .ttl = 64},
		.mss = 1460,
		.advmss = 1460,
		.timestamps = true,
		.sack = true,
		.nodelay = true,
		/* Spread over the minute, as those of real ones are. */
		.keepalive = true,
		.keep_idle_s = KEEP_S / 2 + i % (KEEP_S / 2),
		.keep_intvl_s = 1,
		.keep_cnt = 5,
		.cc = "cubic",
		.snd_una = b ? 2000 : 1000,
		.snd_nxt = b ? 2000 : 1000,
		.rcv_nxt = b ? 1000 : 2000,
		.rcv_wup = b ? 1000 : 2000,
		.snd_wl1 = b ? 1000 : 2000,
		.snd_wnd = 65535,
		.max_window = 65535,
		.rcv_wnd = 65535,
	};

	shm->magic = CHIM_SHM_MAGIC;
	shm->version = CHIM_SHM_VERSION;
	shm->snd_size = shm->rcv_size = RING;
	shm->snd_off = CHIM_SHM_PAGE;
	shm->rcv_off = CHIM_SHM_PAGE + RING;
	shm->bytes = STRIDE;
	atomic_store(&shm->app_flags, CHIM_APP_NODELAY | CHIM_APP_KEEPALIVE);
	s->conns[i] = chim_engine_start(s->e, &state, shm, (void *)(uintptr_t)i, now_ns);
	if (!s->conns[i])
		fatal("a connection does not start");
}

static void open_side(struct side *s)
{
	const struct chim_engine_conf conf = {.max_conns = n_conns, .ops = &ops, .ctx = s};

	s->e = chim_engine_new(&conf);
	s->conns = calloc(n_conns, sizeof(*s->conns));
	s->queue = calloc(QUEUE, sizeof(*s->queue));
	s->memory = mmap(NULL, (uint64_t)n_conns * STRIDE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!s->e || !s->conns || !s->queue || s->memory == MAP_FAILED)
		fatal("no memory");
	/* Whole huge pages would be taken for what needs single ones. */
	madvise(s->memory, (uint64_t)n_conns * STRIDE, MADV_NOHUGEPAGE);
}

int main(int argc, char **argv)
{
	static const uint32_t active[] = {1, 10, 100, 1000, 10000};

	if (argc > 1)
		n_conns = (uint32_t)atoi(argv[1]);
	if (n_conns < 1 || n_conns > 1000000)
		fatal("from 1 to 1000000 connections");
	for (int i = 0; i < 2; i++)
		open_side(&sides[i]);
	for (uint32_t i = 0; i < n_conns; i++) {
		start(&sides[0], i);
		start(&sides[1], i);
		if (i % 1000 == 0)
			settle();
	}
	settle();
	printf("memory  %.0f bytes of an engine for each connection\n", (double)chim_tcp_bytes);
	show_idle();
	for (size_t i = 0; i < sizeof(active) / sizeof(active[0]) && active[i] <= n_conns; i++)
		show_active(active[i]);
	return 0;
}
