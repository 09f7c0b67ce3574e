/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection of the engine under whatever a peer may send, an application may do to its shared
 * memory, and time may bring. The first bytes choose what was agreed on; then each byte is an
 * action, its arguments follow. Indices stay in their bounds, nothing is sent beyond the window or
 * that was not written, what is read is what was sent, and nothing is called back after the end.
 */
#include "offload/chimney/fast/tcp.h"
#include "tests/chim/end.h"
#include "tests/chim/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM_OUT = 1, STREAM_IN = 2, PAYLOAD_MAX = 5000, ACTIONS_MAX = 200 };

struct input {
	const uint8_t *p;
	size_t left;
};

static struct end x;
static struct link out;
static uint64_t now = 1000000000;  /* goes on from one input to the next */
static struct chim_engine *engine; /* so does it: what a connection left behind would show */
static bool lied; /* the application wrote what it must not: contents do not count any more */

static uint32_t take(struct input *in, uint32_t bytes)
{
	uint32_t v = 0;

	for (; bytes > 0 && in->left > 0; bytes--, in->left--)
		v = v << 8 | *in->p++;
	return v;
}

/* Near: a signed distance of one to four bytes. */
static uint32_t near(struct input *in)
{
	uint32_t how = take(in, 1);

	switch (how % 4) {
	case 0:
		return 0;
	case 1:
		return (uint32_t)(int8_t)take(in, 1);
	case 2:
		return (uint32_t)(int16_t)take(in, 2);
	default:
		return take(in, 4);
	}
}

static void begin(struct input *in)
{
	struct end_conf conf = {.stream_out = STREAM_OUT, .stream_in = STREAM_IN};
	uint32_t how = take(in, 2);
	struct chim_tcp_state *s = &x.state;

	lied = false;
	conf.engine = engine;
	conf.snd_size = conf.rcv_size = CHIM_RING_MIN;
	conf.tso = how & 1;
	conf.time_wait_ms = 1000;
	conf.refuse_ppm = how & 2 ? 100000 : 0;
	link_init(&out, &(struct link_conf){0}, 1);
	end_init(&x, "end", &conf, &out, 1);
	*s = (struct chim_tcp_state){.path = {.mtu = 1500, .ttl = 64}};
	s->tuple.v6 = how & 4;
	s->mss = how & 8 ? 1440 : 100;
	s->timestamps = how & 16;
	s->sack = how & 32;
	s->wscale = how & 64;
	s->ecn = how & 128;
	s->nodelay = how & 256;
	s->cork = how & 512;
	s->keepalive = how & 1024;
	s->user_timeout_ms = how & 2048 ? 3000 : 0;
	s->snd_wscale = s->rcv_wscale = s->wscale ? how >> 12 : 0;
	if (s->snd_wscale > 14)
		s->snd_wscale = s->rcv_wscale = 14;
	s->keep_idle_s = s->keep_intvl_s = 1;
	s->keep_cnt = 3;
	s->snd_una = s->snd_nxt = take(in, 4);
	s->rcv_nxt = s->rcv_wup = take(in, 4);
	s->snd_wnd = s->max_window = take(in, 2) << s->snd_wscale;
	s->rcv_wnd = 32768 >> s->rcv_wscale << s->rcv_wscale;
	s->snd_wl1 = s->rcv_nxt - 1;
	x.snd_first = s->snd_una;
	x.rcv_first = s->rcv_nxt;
	if (!end_start(&x, now))
		abort();
}

static uint32_t options(struct input *in, uint8_t bytes[CHIM_OPTS_BYTES])
{
	struct chim_opts o = {0};
	uint32_t how = take(in, 1), len;

	if (how & 0x80) { /* as they come */
		len = how % 11 * 4;
		for (uint32_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)take(in, 1);
		return len;
	}
	o.has_ts = how & 1 ? !x.c->may_ts : x.c->may_ts;
	o.tsval = x.c->ts_recent + (how & 2 ? near(in) : 0);
	o.tsecr = (uint32_t)(now / 1000000) + x.c->ts_offset + (how & 4 ? near(in) : 0);
	o.n_sack = how >> 3 & 3;
	for (uint8_t i = 0; i < o.n_sack; i++) {
		o.sack[i].start = x.c->snd_una + near(in);
		o.sack[i].end = o.sack[i].start + near(in);
	}
	return chim_opts_build(&o, bytes);
}

/* What the peer says, near what would be right. */
static void segment(struct input *in)
{
	static const uint16_t lens[] = {0, 1, 100, 1440, 2880, PAYLOAD_MAX, 536, 1439};
	static uint8_t payload[PAYLOAD_MAX];
	uint8_t opts[CHIM_OPTS_BYTES];
	struct chim_hdr_template t;
	struct chim_hdr h = {.flags = CHIM_ACK, .opts = opts};
	struct chim_tcp_state s = x.state;
	struct chim_out frame = {0};
	struct iovec iov[2] = {{frame.headers, 0}, {payload, 0}};
	struct link in_link;
	const struct packet *p;
	uint32_t how = take(in, 1);
	int32_t from;

	h.seq = x.c->rcv_nxt + (how & 1 ? near(in) : 0);
	h.ack = how & 2 ? x.c->snd_una + near(in) : x.c->snd_nxt;
	h.wnd = how & 4 ? (uint16_t)take(in, 2) : 8000;
	if (how & 8)
		h.flags = (uint8_t)take(in, 1);
	h.payload_len = lens[how >> 4 & 7];
	h.segsz = how & 128 ? 1440 : 0;
	h.opts_len = (uint8_t)options(in, opts);
	from = (int32_t)(h.seq - x.rcv_first - (uint32_t)x.rcv_base);
	chim_hdr_template(&t, &s);
	chim_hdr_build(&t, &h, &frame);
	pattern_fill(STREAM_IN, x.rcv_base + (uint64_t)(int64_t)from, payload, h.payload_len);
	iov[0].iov_len = (size_t)frame.l3_len + frame.l4_len;
	iov[1].iov_len = h.payload_len;
	link_init(&in_link, &(struct link_conf){.whole_ppm = 1000000}, 1);
	link_put(&in_link, iov, 2, frame.l3_len, frame.l4_len, frame.segsz, now);
	p = link_get(&in_link, now);
	end_input(&x, p, now);
	link_free(&in_link);
}

static void lie(struct input *in)
{
	uint32_t how = take(in, 1), by = near(in);

	lied = true;
	if (how & 1)
		atomic_fetch_add(&x.shm->snd_head, by);
	if (how & 2)
		atomic_fetch_add(&x.shm->rcv_tail, by);
	if (how & 4)
		atomic_fetch_sub(&x.shm->snd_head, by);
	if (how & 8)
		atomic_store(&x.shm->rcv_tail, UINT64_MAX - by);
	chim_engine_rung(x.e, x.c, now);
}

static void move(void)
{
	struct chim_tcp_state s;

	if (!lied) {
		if (end_take(&x, now) && !end_start(&x, now))
			abort();
		return;
	}
	chim_engine_freeze(x.e, x.c, now);
	chim_engine_dump(x.e, x.c, &s);
	chim_engine_thaw(x.e, x.c, now);
}

static void act(struct input *in)
{
	uint32_t how = take(in, 1), v;
	bool open = !x.c->orphan;

	switch (how % 11) {
	case 0:
	case 1:
	case 2:
		segment(in);
		break;
	case 3:
		v = take(in, 1);
		now += UINT64_C(1000) << (v % 25);
		break;
	case 4: /* to what is due next */
		if (chim_engine_next(x.e) != UINT64_MAX && chim_engine_next(x.e) > now)
			now = chim_engine_next(x.e);
		break;
	case 5:
		if (open && !lied && !x.shut)
			end_write(&x, take(in, 2), now);
		break;
	case 6:
		if (open && !lied)
			end_read(&x, take(in, 2), now);
		break;
	case 7:
		v = take(in, 1);
		/* What is thrown away cannot be accounted for here. */
		lied |= (v & CHIM_APP_SHUT_RD) != 0;
		if (open)
			end_flags(&x, v, take(in, 1), now);
		break;
	case 8:
		if (open && how & 0x80)
			end_close(&x, how & 0x40, now);
		break;
	case 9:
		if (open && how & 0x80)
			lie(in);
		else if (open && !x.c->halted)
			move();
		break;
	default:
		/* Sent was what was right before; so only a larger one is checked. */
		chim_engine_set_mtu(x.e, x.c, (uint16_t)take(in, 2), now);
		break;
	}
	if (how < 0xe0)
		end_run(&x, now);
}

static void check(void)
{
	const struct chim_tcp *c = x.c;
	uint32_t inflight = c->snd_nxt - c->snd_una;

	if (c->snd_tail > c->snd_sent || c->snd_sent > c->snd_head ||
	    c->snd_head - c->snd_tail > c->snd_mask + 1u)
		abort();
	if (c->rcv_tail > c->rcv_head || c->rcv_head - c->rcv_tail > c->rcv_mask + 1u)
		abort();
	if (c->snd_sent - c->snd_tail + (c->fin_sent && !c->fin_acked) != inflight)
		abort();
	if (c->phase != PHASE_CLOSED && (uint64_t)c->flight.sacked + c->flight.lost > inflight)
		abort();
	if (c->cc.cwnd < 1 || c->cc.cwnd > CHIM_CC_MAX + CHIM_RING_MAX)
		abort();
	if (!lied && x.bad > 0) {
		fprintf(stderr, "%s\n", x.why);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint64_t sent;

	begin(&in);
	for (int i = 0; i < ACTIONS_MAX && in.left > 0 && !x.closed; i++) {
		act(&in);
		check();
		while (link_get(&out, now) != NULL)
			;
	}
	chim_engine_stop(x.e, x.c);
	x.c = NULL;
	sent = x.sent;
	/* A minute later nobody has heard of it. */
	now += 60000000000;
	end_run(&x, now);
	if (x.sent != sent || chim_engine_next(x.e) != UINT64_MAX || x.e->n_live != 0)
		abort();
	engine = end_leave(&x);
	link_free(&out);
	return 0;
}
