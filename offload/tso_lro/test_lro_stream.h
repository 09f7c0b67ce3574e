/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams for the tests of coalescing: what several senders and a network make of their frames. */
#ifndef OFFLOAD_TSO_LRO_TEST_LRO_STREAM_H
#define OFFLOAD_TSO_LRO_TEST_LRO_STREAM_H

#include "offload/tso_lro/test_lro.h"

enum { TEST_STREAM_FLOWS = 5 };

struct test_stream {
	uint32_t seed;
	uint8_t n_flows;
	uint8_t odd; /* one frame in so many has something odd */
	/* What a test may narrow down before the first frame. */
	uint32_t kinds;	  /* which odd things: bits */
	uint32_t payload; /* of a frame with data, at least */
	struct test_stream_flow {
		struct test_lro next; /* its bytes are not used */
		uint32_t mss;
		uint16_t vlan_tci;
		uint8_t id_step; /* 0 with DF: fixed */
	} flows[TEST_STREAM_FLOWS];
};

static inline void test_stream_start(struct test_stream *s, uint32_t seed)
{
	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->n_flows = 1 + test_below(&s->seed, TEST_STREAM_FLOWS);
	s->odd = 2 + test_below(&s->seed, 30);
	s->kinds = UINT32_MAX;
	for (int i = 0; i < s->n_flows; i++) {
		struct test_stream_flow *w = &s->flows[i];
		struct test_lro *f = &w->next;

		f->ipv6 = test_random(&s->seed) & 1;
		f->flow = i;
		f->mac = i;
		f->tags = test_below(&s->seed, 4) == 0 ? test_below(&s->seed, 3) : 0;
		f->tag_id = test_below(&s->seed, 8);
		f->no_df = test_below(&s->seed, 4) == 0;
		f->id = test_random(&s->seed);
		f->seq = test_random(&s->seed);
		f->ack = test_random(&s->seed);
		f->window = test_random(&s->seed);
		f->timestamps = test_below(&s->seed, 4) != 0;
		f->ts = test_random(&s->seed);
		f->ts_echo = test_random(&s->seed);
		f->tos = test_below(&s->seed, 4);
		f->label = test_random(&s->seed);
		w->mss = test_below(&s->seed, 8) == 0 ? 40 + test_below(&s->seed, 30)
			 : test_below(&s->seed, 3)    ? 1448
						      : 100 + test_below(&s->seed, 8900);
		w->vlan_tci = test_below(&s->seed, 4096);
		w->id_step = test_below(&s->seed, 4) != 0;
	}
}

/* One of many things happens to this frame, or from it on to its flow. */
static inline void test_stream_odd(struct test_stream *s, struct test_stream_flow *w,
				   struct test_lro *f)
{
	uint32_t r = test_random(&s->seed), kind;

	do
		kind = test_below(&s->seed, 30);
	while ((s->kinds >> kind & 1) == 0);
	switch (kind) {
	case 0: /* lost before it came here */
		w->next.seq += f->payload;
		f->seq = w->next.seq;
		break;
	case 1: /* sent again */
		f->seq -= w->mss;
		break;
	case 2:
		f->tos ^= 1 + r % 3;
		break;
	case 3:
		f->tos = w->next.tos = r;
		break;
	case 4:
		f->ttl = 20 + r % 4;
		break;
	case 5:
		f->no_df = !f->no_df;
		break;
	case 6:
		f->id = w->next.id = r;
		break;
	case 7:
		f->ts = ++w->next.ts;
		break;
	case 8:
		f->ts_echo = ++w->next.ts_echo;
		break;
	case 9:
		f->window = w->next.window = r;
		break;
	case 10:
		f->ack = w->next.ack += r % 3000;
		break;
	case 11:
	case 12:
	case 13:
		f->flags = 0x08;
		break;
	case 14:
		f->flags = r % 2 ? 0x01 : 0x09;
		break;
	case 15:
		f->payload = s->payload + r % (f->payload - s->payload);
		break;
	case 16:
		f->payload += r % 50;
		break;
	case 17:
		f->payload = 0;
		break;
	case 18:
		f->bad_tcp = r % 3 ? r : 0xffff;
		break;
	case 19:
		f->bad_ip = r % 3 ? r : 0xffff;
		break;
	case 20:
		f->ip_options = 4 + r % 3 * 4;
		f->extension = true;
		break;
	case 21:
		f->more_fragments = !f->ipv6;
		f->ip_options = r % 2 * 4;
		break;
	case 22:
		f->padding = 1 + r % 20;
		break;
	case 23:
		f->flags = r; /* any */
		break;
	case 24:
		f->reserved = r % 16;
		break;
	case 25:
		f->urgent = r % 3;
		break;
	case 26:
		f->padding_options = 4 + r % 3 * 4;
		break;
	case 27:
		f->reserved_ip = true;
		break;
	case 28:
		f->label = r;
		f->ack_off = r % 2;
		break;
	case 29:
		f->payload = s->payload + r % 3000; /* not what the next one follows */
		f->seq += r % 2;
		break;
	}
}

/* The next frame, to be built. */
static inline void test_stream_next(struct test_stream *s, struct test_lro *f)
{
	struct test_stream_flow *w = &s->flows[test_below(&s->seed, s->n_flows)];

	*f = w->next;
	f->payload = w->mss;
	if (test_below(&s->seed, s->odd) == 0)
		test_stream_odd(s, w, f);
	w->next.seq = f->seq + f->payload;
	w->next.id += w->id_step;
}

#endif
