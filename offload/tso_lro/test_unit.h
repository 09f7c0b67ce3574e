/* SPDX-License-Identifier: BSD-3-Clause */
/* Units for the tests of segmentation: bytes with a choice of headers, and the mbuf's side of it.
 */
#ifndef OFFLOAD_TSO_LRO_TEST_UNIT_H
#define OFFLOAD_TSO_LRO_TEST_UNIT_H

#include "offload/tso_lro/test_tunnel.h"
#include "packet/burst.h"
#include "packet/csum.h"
#include "packet/test_eal.h"

#include <rte_byteorder.h>
#include <stdbool.h>

enum { TEST_UNIT_MAX = 65535 + 64 };

struct test_unit {
	/* What to build. */
	bool ipv6, udp;
	uint8_t tags;	     /* VLAN tags; the outer of several is 802.1ad */
	uint8_t ip_options;  /* IPv4: bytes, a multiple of 4 */
	uint8_t extensions;  /* IPv6: bit 0 hop-by-hop, 1 destination options, 2 routing */
	uint8_t tcp_options; /* bytes, a multiple of 4 */
	uint8_t tcp_flags;
	uint8_t tos;
	uint16_t ip_id, ip_frag;
	bool fixed_id;
	uint16_t segsz;
	uint32_t seq;
	uint32_t payload;
	struct test_tunnel tunnel; /* what is around it */
	/* What was built. Lengths of the inner headers, each by itself. */
	uint16_t l2_len, l3_len, l4_len;
	uint32_t len;
	uint8_t bytes[TEST_UNIT_MAX];
};

/* Appends an IPv6 extension header that says `next`; returns its length. */
static inline uint32_t test_put_extension(uint8_t *p, uint8_t kind, uint8_t next)
{
	memset(p, 0, 24);
	p[0] = next;
	if (kind == 43) { /* routing, type 4, one segment and it is reached: none left */
		p[1] = 2;
		p[2] = 4;
		p[23] = 1;
		return 24;
	}
	p[2] = 1; /* PadN */
	p[3] = 4;
	return 8;
}

static inline uint32_t test_put_l3(struct test_unit *u, uint8_t *l3)
{
	static const uint8_t kinds[] = {0, 60, 43};
	uint8_t l4 = u->udp ? 17 : 6, *next = l3 + 6;
	uint32_t at = 40;

	if (!u->ipv6) {
		memset(l3, 0, 20);
		memset(l3 + 20, 1, u->ip_options);
		l3[0] = 0x45 + u->ip_options / 4;
		l3[1] = u->tos;
		test_put16(l3 + 4, u->ip_id);
		test_put16(l3 + 6, u->ip_frag);
		l3[8] = 64;
		l3[9] = l4;
		memcpy(l3 + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
		return 20 + u->ip_options;
	}
	memset(l3, 0, 40);
	l3[0] = 0x60 | u->tos >> 4;
	l3[1] = u->tos << 4 | 5;
	l3[7] = 64;
	l3[8] = l3[24] = 0xfd;
	l3[23] = 1;
	l3[39] = 2;
	for (int i = 0; i < 3; i++) {
		if ((u->extensions >> i & 1) == 0)
			continue;
		*next = kinds[i];
		next = l3 + at;
		at += test_put_extension(next, kinds[i], l4);
	}
	*next = l4;
	return at;
}

/* Builds the headers of u->bytes and fills the payload from the generator. The checksum field holds
 * the pseudo-header's sum with the length, as a guest leaves it. */
static inline void test_unit_build(struct test_unit *u, uint32_t *state)
{
	uint8_t *p, *l3, *l4;
	uint32_t total;
	uint16_t sum;

	test_tunnel_plan(&u->tunnel);
	p = u->bytes + u->tunnel.inner;
	memcpy(p, "\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a", 12);
	l3 = test_put_type(p + 12, u->tags, u->ipv6);
	u->l2_len = l3 - p;
	u->l3_len = test_put_l3(u, l3);
	l4 = l3 + u->l3_len;
	u->l4_len = u->udp ? 8 : 20 + u->tcp_options;
	memset(l4, 0, u->l4_len);
	test_put16(l4, 40000);
	test_put16(l4 + 2, 5001);
	total = u->l3_len + u->l4_len + u->payload;
	if (u->ipv6) {
		test_put16(l3 + 4, total - 40);
	} else {
		test_put16(l3 + 2, total);
		test_put16(l3 + 10, ~test_sum(l3, u->l3_len, 0));
	}
	sum = pkt_csum_pseudo(l3, u->ipv6 ? 6 : 4, u->udp ? 17 : 6, total - u->l3_len);
	if (u->udp) {
		test_put16(l4 + 4, total - u->l3_len);
		memcpy(l4 + 6, &sum, 2);
	} else {
		test_put16(l4 + 4, u->seq >> 16);
		test_put16(l4 + 6, u->seq);
		test_put16(l4 + 8, 0x1234);
		l4[12] = u->l4_len / 4 << 4;
		l4[13] = u->tcp_flags;
		test_put16(l4 + 14, 0x7fff);
		memcpy(l4 + 16, &sum, 2);
		memset(l4 + 20, 1, u->tcp_options);
	}
	u->len = u->tunnel.inner + u->l2_len + total;
	test_tunnel_build(&u->tunnel, u->bytes, u->len);
	for (uint8_t *q = l4 + u->l4_len; q < u->bytes + u->len; q++)
		*q = test_random(state);
}

/* The mbuf's side of the request. */
static inline void test_unit_intent(const struct test_unit *u, struct rte_mbuf *m)
{
	m->ol_flags |= u->ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
	m->ol_flags |= u->udp ? RTE_MBUF_F_TX_UDP_SEG | RTE_MBUF_F_TX_UDP_CKSUM
			      : RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM;
	if (u->fixed_id)
		m->ol_flags |= PKT_FIXED_ID;
	test_tunnel_intent(&u->tunnel, m, u->l2_len);
	m->l3_len = u->l3_len;
	m->l4_len = u->l4_len;
	m->tso_segsz = u->segsz;
}

/* A unit with everything at random that a sender may choose; at most `most` bytes of payload. */
static inline void test_unit_random(struct test_unit *u, uint32_t most, uint32_t *state)
{
	uint32_t r = test_random(state);

	u->ipv6 = r & 1;
	u->udp = r >> 1 & 1;
	u->tags = (r >> 2 & 1) ? r >> 3 & 3 : 0;
	u->ip_options = (r >> 5 & 1) ? (r >> 6 & 3) * 4 : 0;
	u->extensions = (r >> 8 & 1) ? r >> 9 & 7 : 0;
	u->tcp_options = (r >> 12 & 1) ? (r >> 13) % 11 * 4 : 12;
	u->tcp_flags = 0x10 | test_random(state);
	u->tos = test_random(state);
	u->ip_id = test_random(state);
	u->ip_frag = (r >> 20 & 1) ? 0x4000 : 0;
	u->fixed_id = r >> 22 & 1;
	u->tunnel = (struct test_tunnel){0};
	u->seq = test_random(state);
	u->segsz = (r >> 21 & 1) ? 48 + test_below(state, 100) : 48 + test_below(state, 9000);
	u->payload = test_below(state, most + 1);
	if (u->payload > 65535 - 160)
		u->payload = 65535 - 160;
	test_unit_build(u, state);
}

/* The same in a random tunnel. */
static inline void test_unit_tunnelled(struct test_unit *u, uint32_t most, uint32_t *state)
{
	test_unit_random(u, most, state);
	test_tunnel_random(&u->tunnel, state);
	u->tags = RTE_MIN(u->tags, 1);
	u->extensions &= 1;
	u->payload = RTE_MIN(u->payload, 65535u - 300);
	test_unit_build(u, state);
}

#endif
