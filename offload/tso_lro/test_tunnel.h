/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers of a VXLAN or Geneve tunnel in front of a unit of test_unit.h. */
#ifndef OFFLOAD_TSO_LRO_TEST_TUNNEL_H
#define OFFLOAD_TSO_LRO_TEST_TUNNEL_H

#include "packet/test_eal.h"

#include <stdbool.h>

enum test_tunnel_kind { TEST_BARE, TEST_VXLAN, TEST_GENEVE };

struct test_tunnel {
	/* What to build. */
	enum test_tunnel_kind kind;
	bool ipv6;
	bool sum;     /* the UDP header has a checksum; over IPv6 there should be one */
	bool ask_sum; /* the mbuf asks for one */
	uint8_t tags;
	uint8_t ip_options;	/* IPv4: bytes, a multiple of 4 */
	uint8_t geneve_options; /* bytes, a multiple of 4 */
	uint8_t tos;
	uint16_t ip_id, ip_frag;
	/* What was built: where the IP header, the UDP header and the inner frame begin. */
	uint16_t l3, l4, inner;
};

static inline void test_put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* The tags and the type behind the MAC addresses; returns where the IP header begins. */
static inline uint8_t *test_put_type(uint8_t *p, uint8_t tags, bool ipv6)
{
	for (int i = 0; i < tags; i++, p += 4) {
		test_put16(p, i + 1 < tags ? 0x88a8 : 0x8100);
		test_put16(p + 2, 0x6000 | (100 + i));
	}
	test_put16(p, ipv6 ? 0x86dd : 0x0800);
	return p + 2;
}

/* Where things will be. */
static inline void test_tunnel_plan(struct test_tunnel *t)
{
	t->l3 = t->l4 = t->inner = 0;
	if (t->kind == TEST_BARE)
		return;
	t->l3 = 14 + t->tags * 4;
	t->l4 = t->l3 + (t->ipv6 ? 40 : 20 + t->ip_options);
	t->inner = t->l4 + 16 + (t->kind == TEST_GENEVE ? t->geneve_options : 0);
}

/* Writes the headers of a packet of `total` bytes in all. */
static inline void test_tunnel_build(const struct test_tunnel *t, uint8_t *p, uint32_t total)
{
	uint8_t *l3 = p + t->l3, *l4 = p + t->l4;

	if (t->kind == TEST_BARE)
		return;
	memset(p, 0, t->inner);
	memcpy(p, "\x02\0\0\0\0\x1b\x02\0\0\0\0\x1a", 12);
	test_put_type(p + 12, t->tags, t->ipv6);
	if (t->ipv6) {
		l3[0] = 0x60 | t->tos >> 4;
		l3[1] = t->tos << 4 | 7;
		test_put16(l3 + 4, total - t->l4);
		l3[6] = 17;
		l3[7] = 63;
		l3[8] = l3[24] = 0xfc;
		l3[23] = 8;
		l3[39] = 9;
	} else {
		l3[0] = 0x45 + t->ip_options / 4;
		l3[1] = t->tos;
		test_put16(l3 + 2, total - t->l3);
		test_put16(l3 + 4, t->ip_id);
		test_put16(l3 + 6, t->ip_frag);
		l3[8] = 63;
		l3[9] = 17;
		memcpy(l3 + 12, "\xc0\xa8\x01\x01\xc0\xa8\x01\x02", 8);
		memset(l3 + 20, 1, t->ip_options);
		test_put16(l3 + 10, ~test_sum(l3, t->l4 - t->l3, 0));
	}
	test_put16(l4, 50000);
	test_put16(l4 + 2, t->kind == TEST_VXLAN ? 4789 : 6081);
	test_put16(l4 + 4, total - t->l4);
	if (t->sum)
		test_put16(l4 + 6, 0x1234);
	if (t->kind == TEST_VXLAN) {
		l4[8] = 8;
	} else {
		l4[8] = t->geneve_options / 4;
		test_put16(l4 + 10, 0x6558);
		memset(l4 + 16, 0x5a, t->geneve_options);
	}
	l4[14] = 42; /* the network's number */
}

/* The mbuf's side, but for l2_len; `inner_l2` is the inner frame's. */
static inline void test_tunnel_intent(const struct test_tunnel *t, struct rte_mbuf *m,
				      uint32_t inner_l2)
{
	m->l2_len = inner_l2;
	if (t->kind == TEST_BARE)
		return;
	m->l2_len = t->inner - t->l4 + inner_l2;
	m->outer_l2_len = t->l3;
	m->outer_l3_len = t->l4 - t->l3;
	m->ol_flags |=
		t->kind == TEST_VXLAN ? RTE_MBUF_F_TX_TUNNEL_VXLAN : RTE_MBUF_F_TX_TUNNEL_GENEVE;
	m->ol_flags |= t->ipv6 ? RTE_MBUF_F_TX_OUTER_IPV6
			       : RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IP_CKSUM;
	if (t->ask_sum)
		m->ol_flags |= RTE_MBUF_F_TX_OUTER_UDP_CKSUM;
}

/* Any tunnel whose headers, with those of the unit, are within the 256 bytes that are looked at. */
static inline void test_tunnel_random(struct test_tunnel *t, uint32_t *state)
{
	uint32_t r = test_random(state);

	*t = (struct test_tunnel){
		.kind = r & 1 ? TEST_VXLAN : TEST_GENEVE,
		.ipv6 = r >> 1 & 1,
		.sum = r >> 2 & 1,
		.ask_sum = r >> 3 & 1,
		.tags = r >> 4 & 1,
		.ip_options = (r >> 5 & 1) * 8,
		.geneve_options = (r >> 6 & 3) * 4,
		.tos = r >> 8,
		.ip_id = test_random(state),
		.ip_frag = r >> 16 & 1 ? 0x4000 : 0,
	};
}

#endif
