/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for tests: Ethernet, VLAN tags, IPv4 or IPv6, TCP, UDP or another protocol. */
#ifndef PACKET_TEST_FRAME_H
#define PACKET_TEST_FRAME_H

#include "packet/csum.h"
#include "packet/test_eal.h"

enum { TEST_FRAME_MAX = 70000, TEST_PATTERN = 251 };

struct test_frame {
	/* What to build. */
	uint8_t dst, src;  /* 02:00:00:00:00:XX */
	uint32_t tags[2];  /* type << 16 | control information; 0: none */
	uint8_t ip;	   /* 4, 6; 0: type 0x88b5 and nothing but payload */
	uint8_t proto;	   /* 0: TCP */
	uint8_t tcp_flags; /* 0: ACK */
	uint32_t payload;
	/* What was built. */
	uint16_t l2_len, l3_len, l4_len;
	uint32_t len;
	uint8_t bytes[TEST_FRAME_MAX];
};

static inline void test_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint16_t test_frame_l3(struct test_frame *f, uint8_t *l3, uint8_t proto,
				     uint32_t l4_total)
{
	if (f->ip == 4) {
		memset(l3, 0, 20);
		l3[0] = 0x45;
		test_be16(l3 + 2, 20 + l4_total);
		l3[8] = 64;
		l3[9] = proto;
		memcpy(l3 + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
		test_be16(l3 + 10, ~test_sum(l3, 20, 0));
		return 20;
	}
	memset(l3, 0, 40);
	l3[0] = 0x60;
	test_be16(l3 + 4, l4_total);
	l3[6] = proto;
	l3[7] = 64;
	l3[8] = l3[24] = 0xfd;
	l3[23] = 1;
	l3[39] = 2;
	return 40;
}

/* The layer 4 header; the checksum field holds the pseudo-header's sum, as a guest leaves it. */
static inline void test_frame_l4(struct test_frame *f, const uint8_t *l3, uint8_t *l4,
				 uint8_t proto, uint32_t l4_total)
{
	uint16_t sum = pkt_csum_pseudo(l3, f->ip, proto, l4_total);

	memset(l4, 0, f->l4_len);
	test_be16(l4, 40000);
	test_be16(l4 + 2, 5001);
	if (proto == 17) {
		test_be16(l4 + 4, l4_total);
		memcpy(l4 + 6, &sum, 2);
	} else {
		l4[7] = 1;
		l4[12] = 0x50;
		l4[13] = f->tcp_flags ? f->tcp_flags : 0x10;
		memcpy(l4 + 16, &sum, 2);
	}
}

static inline void test_frame_build(struct test_frame *f)
{
	const uint8_t proto = f->proto ? f->proto : 6;
	uint8_t *p = f->bytes;
	uint32_t l4_total;

	memcpy(p, "\x02\0\0\0\0\0\x02\0\0\0\0\0", 12);
	p[5] = f->dst;
	p[11] = f->src;
	p += 12;
	for (int i = 0; i < 2; i++) {
		if (f->tags[i] == 0)
			continue;
		test_be16(p, f->tags[i] >> 16);
		test_be16(p + 2, f->tags[i]);
		p += 4;
	}
	test_be16(p, f->ip == 4 ? 0x0800 : f->ip == 6 ? 0x86dd : 0x88b5);
	p += 2;
	f->l2_len = (uint16_t)(p - f->bytes);
	f->l3_len = f->l4_len = 0;
	if (f->ip) {
		f->l4_len = proto == 6 ? 20 : proto == 17 ? 8 : 0;
		l4_total = f->l4_len + f->payload;
		f->l3_len = test_frame_l3(f, p, proto, l4_total);
		if (f->l4_len)
			test_frame_l4(f, p, p + f->l3_len, proto, l4_total);
		p += f->l3_len + f->l4_len;
	}
	for (uint32_t i = 0; i < f->payload; i++)
		p[i] = (uint8_t)(i % TEST_PATTERN);
	f->len = (uint32_t)(p - f->bytes) + f->payload;
}

/* The frame in an mbuf of its own, or several when it is long; ends the program where the pool is
 * empty. */
static inline struct rte_mbuf *test_frame_mbuf(const struct test_frame *f, struct rte_mempool *pool)
{
	uint32_t seed = 1;
	struct rte_mbuf *m = test_chain(pool, f->bytes, f->len, 2000, 2000, &seed);

	if (m == NULL) {
		fprintf(stderr, "no mbuf left\n");
		abort();
	}
	return m;
}

/* Does m hold these bytes? */
static inline int test_same_bytes(const struct rte_mbuf *m, const uint8_t *bytes, uint32_t len)
{
	static uint8_t copy[TEST_FRAME_MAX];

	return m->pkt_len == len && memcmp(rte_pktmbuf_read(m, 0, len, copy), bytes, len) == 0;
}

#endif
