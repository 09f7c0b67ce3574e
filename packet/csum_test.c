/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/csum.h"

#include "packet/csum_forms.h"
#include "packet/parse.h"
#include "packet/test_eal.h"

#include <rte_byteorder.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>

static struct rte_mempool *pool;

/* 0 and 0xffff are the same number in one's complement. */
static uint16_t canonical(uint16_t sum)
{
	return sum == 0xffff ? 0 : sum;
}

static void random_chains(void **state)
{
	static uint8_t bytes[9000];
	uint32_t seed = 7;

	for (int round = 0; round < 3000; round++) {
		uint32_t len = 1 + test_below(&seed, sizeof(bytes));
		uint32_t most = 1 + test_below(&seed, round % 2 == 0 ? 2000 : 100);
		uint32_t offset = test_below(&seed, len), n = test_below(&seed, len - offset + 1);
		uint16_t start = test_random(&seed), want;
		struct rte_mbuf *m;

		for (uint32_t i = 0; i < len; i++)
			bytes[i] = round % 16 == 0 ? 0xff : test_random(&seed);
		m = test_chain(pool, bytes, len, most, most, &seed);
		assert_non_null(m);
		want = test_sum(bytes + offset, n, start);
		assert_int_equal(canonical(rte_be_to_cpu_16(
					 pkt_csum_mbuf(m, offset, n, rte_cpu_to_be_16(start)))),
				 canonical(want));
		rte_pktmbuf_free(m);
	}
}

/* Every form this processor runs, over len bytes at p, and what callers call. */
static void check_forms(const uint8_t *p, uint32_t len)
{
	const struct pkt_csum_named *forms;
	uint16_t want = rte_cpu_to_be_16(test_sum(p, len, 0));
	unsigned int n;

	forms = pkt_csum_forms(&n);
	for (unsigned int i = 0; i < n; i++)
		if (pkt_csum_fold(forms[i].sum(p, len)) != want)
			fail_msg("%s is wrong about %u bytes at %p", forms[i].name, len,
				 (const void *)p);
	assert_int_equal(pkt_csum_fold(pkt_csum_short(p, len)), want);
	assert_int_equal(pkt_csum_bytes(p, len), want);
	assert_int_equal(pkt_csum_long(p, len), want);
}

/* All short lengths, and those around larger ones, from each byte of a cache line on, with random
 * bytes and with the largest; what lies around them must not count. */
static void all_forms(void **state)
{
	enum { ROOM = 70000 };
	static const uint32_t longs[] = {1448, 2048, 8948, 16384, 65535};
	uint8_t *bytes = aligned_alloc(64, 2 * 64 + ROOM / 64 * 64 + 64);
	uint32_t seed = 19;

	assert_non_null(bytes);
	for (int kind = 0; kind < 3; kind++) {
		for (uint32_t i = 0; i < ROOM; i++)
			bytes[i] = kind == 0 ? 0xff : kind == 1 ? 0 : test_random(&seed);
		for (uint32_t at = 0; at < 64; at++)
			for (uint32_t len = 0; len <= 600; len++)
				check_forms(bytes + at, len);
		for (size_t i = 0; i < RTE_DIM(longs); i++)
			for (uint32_t at = 0; at < 64; at += 3)
				for (uint32_t more = 0; more < 4; more++)
					check_forms(bytes + at, longs[i] - 2 + more);
	}
	free(bytes);
}

/* A form's lanes hold a whole block of the largest words, and more than a block is several. */
static void blocks(void **state)
{
	uint32_t len = 3 * PKT_CSUM_BLOCK + 7, seed = 23;
	uint8_t *bytes = malloc(len + 1);

	assert_non_null(bytes);
	memset(bytes, 0xff, len + 1);
	check_forms(bytes, PKT_CSUM_BLOCK);
	check_forms(bytes + 1, PKT_CSUM_BLOCK);
	assert_int_equal(pkt_csum_bytes(bytes + 1, len), rte_cpu_to_be_16(test_sum(bytes, len, 0)));
	for (uint32_t i = 0; i <= len; i++)
		bytes[i] = test_random(&seed);
	check_forms(bytes, PKT_CSUM_BLOCK);
	assert_int_equal(pkt_csum_bytes(bytes, len), rte_cpu_to_be_16(test_sum(bytes, len, 0)));
	free(bytes);
}

/* Bytes that end where memory ends, or begin where it begins: nothing else is touched. */
static void at_the_edge(void **state)
{
	const uint32_t page = 4096;
	uint8_t *p = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + page, page, PROT_READ | PROT_WRITE), 0);
	for (uint32_t i = 0; i < page; i++)
		p[page + i] = i * 7;
	for (uint32_t len = 0; len <= 1500; len += len < 200 ? 1 : 13) {
		check_forms(p + page, len);
		check_forms(p + 2 * page - len, len);
	}
	munmap(p, 3 * page);
}

/* A whole unit of 0xff bytes: the largest sum there is. */
static void largest(void **state)
{
	static uint8_t bytes[65535 + 64];
	uint32_t seed = 3;

	memset(bytes, 0xff, sizeof(bytes));
	for (uint32_t most = 500; most < 2048; most += 301) {
		struct rte_mbuf *m = test_chain(pool, bytes, sizeof(bytes), most, most, &seed);

		assert_non_null(m);
		assert_int_equal(pkt_csum_mbuf(m, 0, sizeof(bytes), 0xffffffff),
				 rte_cpu_to_be_16(test_sum(bytes, sizeof(bytes), 0)));
		rte_pktmbuf_free(m);
	}
}

static void fold(void **state)
{
	assert_int_equal(pkt_csum_fold(0), 0);
	assert_int_equal(pkt_csum_fold(0xffff), 0xffff);
	assert_int_equal(pkt_csum_fold(0x10000), 1);
	assert_int_equal(pkt_csum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(pkt_csum_fold(0xffff0001ffffffff), 1);
}

/* The pseudo-header in the open. */
static uint16_t naive_pseudo(const uint8_t *src, const uint8_t *dst, uint32_t addr_len,
			     uint8_t proto, uint32_t len)
{
	uint8_t tail[8] = {len >> 24, len >> 16, len >> 8, len, 0, 0, 0, proto};
	uint16_t sum = test_sum(src, addr_len, 0);

	sum = test_sum(dst, addr_len, sum);
	return test_sum(tail, sizeof(tail), sum);
}

static void pseudo(void **state)
{
	uint8_t l3[40 + 8 + 40] = {0};
	uint32_t seed = 5;

	for (int i = 0; i < 1000; i++) {
		uint32_t len = i % 3 == 0 ? 0 : test_below(&seed, 65536);

		for (int b = 8; b < 40; b++)
			l3[b] = test_random(&seed);
		l3[6] = IPPROTO_UDP;
		assert_int_equal(rte_be_to_cpu_16(pkt_csum_pseudo(l3, 4, IPPROTO_TCP, len)),
				 naive_pseudo(l3 + 12, l3 + 16, 4, IPPROTO_TCP, len));
		assert_int_equal(rte_be_to_cpu_16(pkt_csum_pseudo(l3, 6, IPPROTO_UDP, len)),
				 naive_pseudo(l3 + 8, l3 + 24, 16, IPPROTO_UDP, len));

		/* Destination options, then routing with two segments, of which one is left. */
		l3[6] = IPPROTO_DSTOPTS;
		l3[40] = IPPROTO_ROUTING;
		l3[48] = IPPROTO_TCP;
		l3[49] = 4;
		for (int b = 56; b < 88; b++)
			l3[b] = test_random(&seed);
		l3[51] = 1;
		l3[50] = 2;
		assert_int_equal(rte_be_to_cpu_16(pkt_csum_pseudo(l3, 6, IPPROTO_TCP, len)),
				 naive_pseudo(l3 + 8, l3 + 72, 16, IPPROTO_TCP, len));
		l3[50] = 4;
		assert_int_equal(rte_be_to_cpu_16(pkt_csum_pseudo(l3, 6, IPPROTO_TCP, len)),
				 naive_pseudo(l3 + 8, l3 + 56, 16, IPPROTO_TCP, len));
		l3[51] = 0;
		assert_int_equal(rte_be_to_cpu_16(pkt_csum_pseudo(l3, 6, IPPROTO_TCP, len)),
				 naive_pseudo(l3 + 8, l3 + 24, 16, IPPROTO_TCP, len));
	}
}

/* A UDP or TCP packet over IPv4 or IPv6 with `payload` bytes of payload and `pad` behind it. */
static uint32_t build(uint8_t *p, bool ipv6, bool tcp, uint32_t payload, uint32_t pad,
		      uint32_t *seed)
{
	uint32_t l3 = ipv6 ? 40 : 20, l4 = tcp ? 20 : 8, total = l3 + l4 + payload;
	uint16_t sum;

	for (uint32_t i = 0; i < 14 + total + pad; i++)
		p[i] = test_random(seed);
	p += 14;
	if (ipv6) {
		p[0] = 0x60;
		p[4] = (total - 40) >> 8;
		p[5] = total - 40;
		p[6] = tcp ? 6 : 17;
	} else {
		p[0] = 0x45;
		p[2] = total >> 8;
		p[3] = total;
	}
	if (tcp) {
		p[l3 + 12] = 0x50;
	} else {
		p[l3 + 4] = (l4 + payload) >> 8;
		p[l3 + 5] = l4 + payload;
	}
	sum = pkt_csum_pseudo(p, ipv6 ? 6 : 4, tcp ? 6 : 17, l4 + payload);
	memcpy(p + l3 + (tcp ? 16 : 6), &sum, 2);
	return 14 + total + pad;
}

static void want_csum(struct rte_mbuf *m, bool ipv6, bool tcp)
{
	m->l2_len = 14;
	m->l3_len = ipv6 ? 40 : 20;
	m->l4_len = tcp ? 20 : 8;
	m->ol_flags |= (tcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM) |
		       (ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
}

static void complete(void **state)
{
	static uint8_t in[4096], out[4096];
	uint32_t seed = 11;

	for (int round = 0; round < 4000; round++) {
		bool ipv6 = round & 1, tcp = round & 2;
		uint32_t payload = test_below(&seed, 3000), pad = test_below(&seed, 20);
		uint32_t hdr = 14 + (ipv6 ? 40 : 20) + (tcp ? 20 : 8), field;
		uint32_t len = build(in, ipv6, tcp, payload, pad, &seed);
		struct rte_mbuf *m = test_chain(pool, in, len, hdr + test_below(&seed, 50),
						1 + test_below(&seed, 900), &seed);
		uint16_t sum;

		assert_non_null(m);
		want_csum(m, ipv6, tcp);
		assert_int_equal(pkt_csum_complete(m), 0);
		assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_L4_MASK, 0);
		rte_pktmbuf_free(m);

		m = test_chain(pool, in, len, 2000, 2000, &seed);
		want_csum(m, ipv6, tcp);
		assert_int_equal(pkt_csum_complete(m), 0);
		memcpy(out, rte_pktmbuf_read(m, 0, len, in), len);
		rte_pktmbuf_free(m);

		field = hdr - (tcp ? 4 : 2);
		assert_false(!tcp && out[field] == 0 && out[field + 1] == 0);
		sum = ipv6 ? naive_pseudo(out + 22, out + 38, 16, tcp ? 6 : 17, hdr - 54 + payload)
			   : naive_pseudo(out + 26, out + 30, 4, tcp ? 6 : 17, hdr - 34 + payload);
		sum = test_sum(out + 14 + (ipv6 ? 40 : 20), (tcp ? 20 : 8) + payload, sum);
		assert_int_equal(sum, 0xffff);
	}
}

/* A datagram whose sum comes out as 0 says 0xffff. */
static void udp_zero(void **state)
{
	uint8_t in[64];
	uint32_t seed = 13, len = build(in, false, false, 2, 0, &seed);
	struct rte_mbuf *m;
	uint16_t sum;

	/* The payload's one word takes up what the rest leaves of 0xffff. */
	in[42] = in[43] = 0;
	sum = test_sum(in + 34, 10, 0);
	in[42] = (uint16_t)~sum >> 8;
	in[43] = ~sum;
	m = test_chain(pool, in, len, len, 1, &seed);
	want_csum(m, false, false);
	assert_int_equal(pkt_csum_complete(m), 0);
	assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, 40), 0xff);
	assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, 41), 0xff);
	rte_pktmbuf_free(m);
}

/* Requests that do not fit leave the packet as it was. */
static void refused(void **state)
{
	uint8_t in[256];
	uint32_t seed = 17, len = build(in, false, true, 100, 0, &seed);

	for (int what = 0; what < 9; what++) {
		struct rte_mbuf *m = test_chain(pool, in, len, what == 0 ? 50 : len, 50, &seed);
		uint8_t *bytes = rte_pktmbuf_mtod(m, uint8_t *);
		uint64_t flags;

		want_csum(m, false, true);
		if (what == 1)
			m->l4_len = 19;
		else if (what == 2)
			m->l3_len = 511;
		else if (what == 3)
			bytes[16] = 0x10; /* total length beyond the packet */
		else if (what == 4)
			bytes[16] = bytes[17] = 0;
		else if (what == 5)
			bytes[14] = 0x65; /* not the version that was said */
		else if (what == 6)
			m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		else if (what == 7)
			m->ol_flags = RTE_MBUF_F_TX_SCTP_CKSUM | RTE_MBUF_F_TX_IPV4;
		else if (what == 8)
			m->l3_len = 16;
		flags = m->ol_flags;
		assert_int_equal(pkt_csum_complete(m), -EINVAL);
		assert_int_equal(m->ol_flags, flags);
		if (what != 0)
			assert_memory_equal(bytes + 50, in + 50, 2);
		rte_pktmbuf_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_chains), cmocka_unit_test(largest),
		cmocka_unit_test(fold),		 cmocka_unit_test(pseudo),
		cmocka_unit_test(complete),	 cmocka_unit_test(udp_zero),
		cmocka_unit_test(refused),	 cmocka_unit_test(all_forms),
		cmocka_unit_test(blocks),	 cmocka_unit_test(at_the_edge),
	};

	test_eal_init();
	pool = test_pool("csum", 9000, 2048);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
