/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for the tests of coalescing, with a choice of all that the rules look at. */
#ifndef OFFLOAD_TSO_LRO_TEST_LRO_H
#define OFFLOAD_TSO_LRO_TEST_LRO_H

#include "packet/csum.h"
#include "packet/test_eal.h"

#include <stdbool.h>

enum { TEST_LRO_MAX = 12200 };

/* Checksums are right, but where `bad_*` is added to one. A payload byte depends on flow and
 * sequence number only, so that what is sent again is the same. */
struct test_lro {
	/* What to build. */
	bool ipv6, no_df, reserved_ip, more_fragments, ack_off;
	uint8_t flow; /* addresses and ports */
	uint8_t mac;
	uint8_t tags; /* VLAN tags in the frame; the outer of several is 802.1ad */
	uint16_t tag_id;
	uint8_t ttl, tos; /* ttl 0: 64 */
	uint32_t label;	  /* IPv6 */
	uint16_t id;
	uint8_t ip_options; /* bytes */
	bool extension;	    /* IPv6: a hop-by-hop header */
	uint8_t flags;	    /* besides ACK */
	uint8_t reserved;   /* the four bits below the data offset */
	uint32_t seq, ack;
	uint16_t window, urgent;
	uint8_t timestamps; /* 1: an option with both below */
	uint32_t ts, ts_echo;
	uint8_t padding_options; /* bytes of no-operations behind that */
	uint32_t payload;
	uint8_t padding; /* bytes behind the IP packet */
	uint16_t bad_ip, bad_tcp;
	/* What was built. */
	uint32_t l2_len, l3_len, l4_len, len;
	uint8_t bytes[TEST_LRO_MAX];
};

static inline void test_lro_be16(uint8_t *p, uint32_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void test_lro_be32(uint8_t *p, uint32_t v)
{
	test_lro_be16(p, v >> 16);
	test_lro_be16(p + 2, v);
}

static inline void test_lro_ip(struct test_lro *f, uint8_t *l3, uint32_t l4_total)
{
	uint8_t ttl = f->ttl ? f->ttl : 64;
	uint16_t frag = (f->no_df ? 0 : 0x4000) | (f->reserved_ip ? 0x8000 : 0) |
			(f->more_fragments ? 0x2000 : 0);

	if (f->ipv6) {
		f->l3_len = f->extension ? 48 : 40;
		memset(l3, 0, f->l3_len);
		test_lro_be32(l3, 0x60000000 | (uint32_t)f->tos << 20 | (f->label & 0xfffff));
		test_lro_be16(l3 + 4, f->l3_len - 40 + l4_total);
		l3[6] = f->extension ? 0 : 6;
		l3[7] = ttl;
		l3[8] = l3[24] = 0xfd;
		l3[23] = 1;
		l3[39] = 2 + f->flow;
		if (f->extension)
			memcpy(l3 + 40, "\x06\x00\x01\x04\x00\x00\x00\x00", 8);
		return;
	}
	f->l3_len = 20 + f->ip_options;
	memset(l3, 0, 20);
	memset(l3 + 20, 1, f->ip_options);
	l3[0] = 0x40 + f->l3_len / 4;
	l3[1] = f->tos;
	test_lro_be16(l3 + 2, f->l3_len + l4_total);
	test_lro_be16(l3 + 4, f->id);
	test_lro_be16(l3 + 6, frag);
	l3[8] = ttl;
	l3[9] = 6;
	memcpy(l3 + 12, "\x0a\x00\x00\x01\x0a\x00\x00", 7);
	l3[19] = 2 + f->flow;
	test_lro_be16(l3 + 10, (uint16_t)~test_sum(l3, f->l3_len, 0) + f->bad_ip);
}

static inline uint8_t test_lro_byte(uint32_t seq, uint8_t flow)
{
	return (seq * 2654435761u) >> 24 ^ flow;
}

static inline void test_lro_tcp(struct test_lro *f, const uint8_t *l3, uint8_t *l4)
{
	uint32_t l4_total = f->l4_len + f->payload;
	uint8_t pseudo[8] = {0, 0, l4_total >> 8, l4_total, 0, 0, 0, 6};
	uint16_t sum = f->ipv6 ? test_sum(l3 + 8, 32, 0) : test_sum(l3 + 12, 8, 0);

	memset(l4, 0, 20);
	test_lro_be16(l4, 40000 + f->flow);
	test_lro_be16(l4 + 2, 5001);
	test_lro_be32(l4 + 4, f->seq);
	test_lro_be32(l4 + 8, f->ack);
	l4[12] = f->l4_len / 4 << 4 | f->reserved;
	l4[13] = (f->ack_off ? 0 : 0x10) | f->flags;
	test_lro_be16(l4 + 14, f->window);
	test_lro_be16(l4 + 18, f->urgent);
	if (f->timestamps) {
		test_lro_be32(l4 + 20, 0x0101080a);
		test_lro_be32(l4 + 24, f->ts);
		test_lro_be32(l4 + 28, f->ts_echo);
	}
	memset(l4 + f->l4_len - f->padding_options, 1, f->padding_options);
	for (uint32_t i = 0; i < f->payload; i++)
		l4[f->l4_len + i] = test_lro_byte(f->seq + i, f->flow);
	sum = test_sum(pseudo, sizeof(pseudo), sum);
	test_lro_be16(l4 + 16, (uint16_t)~test_sum(l4, l4_total, sum) + f->bad_tcp);
}

static inline void test_lro_build(struct test_lro *f)
{
	uint8_t *p = f->bytes, *l3;

	memcpy(p, "\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a", 12);
	p[11] += f->mac;
	p += 12;
	for (int i = 0; i < f->tags; i++, p += 4) {
		test_lro_be16(p, i + 1 < f->tags ? 0x88a8 : 0x8100);
		test_lro_be16(p + 2, 100 + i + f->tag_id);
	}
	test_lro_be16(p, f->ipv6 ? 0x86dd : 0x0800);
	l3 = p + 2;
	f->l2_len = l3 - f->bytes;
	f->l4_len = 20 + f->timestamps * 12 + f->padding_options;
	test_lro_ip(f, l3, f->l4_len + f->payload);
	test_lro_tcp(f, l3, l3 + f->l3_len);
	f->len = f->l2_len + f->l3_len + f->l4_len + f->payload;
	memset(f->bytes + f->len, 0, f->padding);
	f->len += f->padding;
}

#endif
