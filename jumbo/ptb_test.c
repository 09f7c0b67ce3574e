/* SPDX-License-Identifier: BSD-3-Clause */
/* Which too large packets are answered, and that the answer is what the RFCs say, byte for byte. */
#include "jumbo/ptb.h"

#include "packet/test_frame.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MBUFS = 255, LIMIT = 1500 };

static struct rte_mempool *pool;
static struct test_frame f;
static struct ptb_packet p;

static uint8_t *l3(void)
{
	return f.bytes + f.l2_len;
}

/* Sets DF (and what else is wanted in that field), and makes the header's sum right again. */
static void set_fragment(uint16_t field)
{
	test_be16(l3() + 6, field);
	test_be16(l3() + 10, 0);
	test_be16(l3() + 10, ~test_sum(l3(), f.l3_len, 0));
}

/* A TCP packet of 2000 bytes and more; DF is set. */
static void build(uint8_t ip, uint8_t proto)
{
	memset(&f, 0, offsetof(struct test_frame, bytes));
	f.dst = 2;
	f.src = 1;
	f.ip = ip;
	f.proto = proto;
	f.payload = 2000;
	test_frame_build(&f);
	if (ip == 4)
		set_fragment(0x4000);
}

static enum ptb_reason judge(void)
{
	struct rte_mbuf *m = test_frame_mbuf(&f, pool);
	enum ptb_reason r = ptb_judge(m, LIMIT, &p);

	rte_pktmbuf_free(m);
	return r;
}

/* The layer 3 address at `at` from the header's end of its kind. */
static enum ptb_reason judge_with(uint32_t at, const void *bytes, uint32_t len)
{
	memcpy(l3() + at, bytes, len);
	if (f.ip == 4)
		set_fragment(0x4000);
	return judge();
}

static void due(void **state)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_GRE};

	for (size_t i = 0; i < RTE_DIM(protos); i++) {
		build(4, protos[i]);
		assert_int_equal(judge(), PTB_DUE);
		assert_int_equal(p.mtu, LIMIT);
		build(6, protos[i]);
		assert_int_equal(judge(), PTB_DUE);
		assert_int_equal(p.mtu, LIMIT);
	}
}

static void not_without_df(void **state)
{
	build(4, IPPROTO_UDP);
	set_fragment(0);
	assert_int_equal(judge(), PTB_NOT_DF);
}

static void not_for_broken_packets(void **state)
{
	build(0, 0);
	assert_int_equal(judge(), PTB_NOT_IP);
	build(4, IPPROTO_TCP);
	l3()[8] ^= 1; /* the sum is wrong now */
	assert_int_equal(judge(), PTB_BAD_HEADER);
	build(4, IPPROTO_TCP);
	test_be16(l3() + 2, 9000); /* more than there is */
	set_fragment(0x4000);
	assert_int_equal(judge(), PTB_NOT_IP);
	build(6, IPPROTO_TCP);
	test_be16(l3() + 4, 9000);
	assert_int_equal(judge(), PTB_NOT_IP);
}

/* First fragments are answered, others are not. */
static void fragments(void **state)
{
	build(4, IPPROTO_UDP);
	set_fragment(0x6000);
	assert_int_equal(judge(), PTB_DUE);
	set_fragment(0x4001);
	assert_int_equal(judge(), PTB_FRAGMENT);
	build(6, IPPROTO_FRAGMENT);
	memcpy(l3() + 40, "\x11\0\0\1\0\0\0\7", 8);
	assert_int_equal(judge(), PTB_DUE);
	l3()[43] = 9; /* offset 8 */
	assert_int_equal(judge(), PTB_FRAGMENT);
}

static void not_for_groups(void **state)
{
	build(4, IPPROTO_UDP);
	f.bytes[0] = 1;
	assert_int_equal(judge(), PTB_GROUP);
	build(6, IPPROTO_UDP);
	memset(f.bytes, 0xff, 6);
	assert_int_equal(judge(), PTB_GROUP);
	build(4, IPPROTO_UDP);
	f.bytes[6] |= 1;
	assert_int_equal(judge(), PTB_GROUP);
	build(4, IPPROTO_UDP);
	memset(f.bytes + 6, 0, 6);
	assert_int_equal(judge(), PTB_GROUP);
}

static void only_between_hosts(void **state)
{
	static const char *const bad4[] = {"\0\0\0\0", "\x7f\0\0\1", "\xe0\0\0\1", "\xf0\0\0\1",
					   "\xff\xff\xff\xff"};
	static const uint8_t bad6[][16] = {{0}, {[15] = 1}, {0xff, 2, [15] = 1}};

	for (size_t i = 0; i < RTE_DIM(bad4); i++) {
		build(4, IPPROTO_UDP);
		assert_int_equal(judge_with(12, bad4[i], 4), PTB_SOURCE);
		build(4, IPPROTO_UDP);
		assert_int_equal(judge_with(16, bad4[i], 4), PTB_DESTINATION);
	}
	for (size_t i = 0; i < RTE_DIM(bad6); i++) {
		build(6, IPPROTO_UDP);
		assert_int_equal(judge_with(8, bad6[i], 16), PTB_SOURCE);
		build(6, IPPROTO_UDP);
		assert_int_equal(judge_with(24, bad6[i], 16), PTB_DESTINATION);
	}
	build(4, IPPROTO_UDP);
	assert_int_equal(judge_with(12, "\xdf\xff\xff\xff", 4), PTB_DUE);
}

/* ICMP questions and answers, and never errors. */
static void icmp(void **state)
{
	for (int type = 0; type < 256; type++) {
		uint8_t t = (uint8_t)type;
		bool asks4 = type == 0 || type == 8 || (type >= 13 && type <= 18);
		bool asks6 = type >= 128 && type != 137;

		build(4, IPPROTO_ICMP);
		assert_int_equal(judge_with(20, &t, 1), asks4 ? PTB_DUE : PTB_ICMP_ERROR);
		build(6, IPPROTO_ICMPV6);
		assert_int_equal(judge_with(40, &t, 1), asks6 ? PTB_DUE : PTB_ICMP_ERROR);
	}
	/* Behind an extension header it is found; behind more than are looked into, it may be one.
	 */
	build(6, IPPROTO_DSTOPTS);
	assert_int_equal(judge_with(40, "\x3a\0\1\4\0\0\0\0\1", 9), PTB_ICMP_ERROR);
	assert_int_equal(judge_with(48, "\x80", 1), PTB_DUE);
	build(6, IPPROTO_DSTOPTS);
	for (int i = 0; i < 9; i++)
		memcpy(l3() + 40 + 8 * i, "\x3c\0\1\4\0\0\0\0", 8);
	assert_int_equal(judge(), PTB_ICMP_ERROR);
}

/* What hangs behind the IP packet is not the sender's to make smaller. */
static void only_if_it_helps(void **state)
{
	build(4, IPPROTO_UDP);
	test_be16(l3() + 2, LIMIT);
	set_fragment(0x4000);
	assert_int_equal(judge(), PTB_SMALL);
	test_be16(l3() + 2, LIMIT + 1);
	set_fragment(0x4000);
	assert_int_equal(judge(), PTB_DUE);
}

static void ipv6_is_told_1280_at_least(void **state)
{
	struct rte_mbuf *m;

	build(6, IPPROTO_TCP);
	m = test_frame_mbuf(&f, pool);
	assert_int_equal(ptb_judge(m, 1000, &p), PTB_DUE);
	assert_int_equal(p.mtu, 1280);
	rte_pktmbuf_free(m);
	f.payload = 1280 - 60;
	test_frame_build(&f);
	m = test_frame_mbuf(&f, pool);
	assert_int_equal(ptb_judge(m, 1000, &p), PTB_SMALL);
	rte_pktmbuf_free(m);
	/* IPv4 is told what there is. */
	build(4, IPPROTO_TCP);
	m = test_frame_mbuf(&f, pool);
	assert_int_equal(ptb_judge(m, 576, &p), PTB_DUE);
	assert_int_equal(p.mtu, 576);
	rte_pktmbuf_free(m);
}

/* The answer to the packet; freed by the caller. */
static struct rte_mbuf *answered(struct rte_mbuf *m, uint16_t limit, uint16_t room)
{
	struct rte_mbuf *a;

	assert_int_equal(ptb_judge(m, limit, &p), PTB_DUE);
	a = ptb_answer(m, &p, room, pool);
	assert_non_null(a);
	assert_int_equal(rte_pktmbuf_is_contiguous(a), 1);
	return a;
}

/* Layer 2 to ICMP of the answer to f; where the quote begins. */
static const uint8_t *check_headers(const struct rte_mbuf *a, uint16_t mtu, uint32_t total)
{
	const uint8_t *d = rte_pktmbuf_mtod(a, const uint8_t *), *ip = d + f.l2_len;
	uint32_t v4 = f.ip == 4, len = v4 ? 20 : 40;

	assert_int_equal(a->pkt_len, f.l2_len + total);
	assert_memory_equal(d, f.bytes + 6, 6);
	assert_memory_equal(d + 6, f.bytes, 6);
	assert_memory_equal(d + 12, f.bytes + 12, f.l2_len - 12u);
	assert_int_equal(a->l2_len, f.l2_len);
	assert_int_equal(a->l3_len, len);
	if (v4) {
		assert_memory_equal(ip, "\x45\xc0", 2);
		assert_int_equal(pkt_be16(ip + 2), total);
		assert_int_equal(pkt_be16(ip + 6), 0);
		assert_memory_equal(ip + 8, "\xff\1", 2);
		assert_int_equal(test_sum(ip, 20, 0), 0xffff);
		assert_memory_equal(ip + 12, l3() + 16, 4);
		assert_memory_equal(ip + 16, l3() + 12, 4);
		assert_memory_equal(ip + 20, "\3\4", 2);
		assert_int_equal(test_sum(ip + 20, total - 20, 0), 0xffff);
		assert_int_equal(pkt_be16(ip + 24), 0);
	} else {
		assert_memory_equal(ip, "\x60\0\0\0", 4);
		assert_int_equal(pkt_be16(ip + 4), total - 40);
		assert_memory_equal(ip + 6, "\x3a\xff", 2);
		assert_memory_equal(ip + 8, l3() + 24, 16);
		assert_memory_equal(ip + 24, l3() + 8, 16);
		assert_memory_equal(ip + 40, "\2\0", 2);
		assert_int_equal(
			test_sum(ip + 40, total - 40, test_sum(ip + 8, 32, total - 40 + 58)),
			0xffff);
		assert_int_equal(pkt_be16(ip + 44), 0);
	}
	assert_int_equal(pkt_be16(ip + len + 6), mtu);
	return ip + len + 8;
}

static void answers(void **state)
{
	/* The answer's whole size, and that where the way back is narrow. */
	static const struct {
		uint8_t ip;
		uint16_t room, total;
	} cases[] = {{4, 9000, 576}, {4, 576, 576}, {6, 9000, 1280}, {6, 600, 600}};

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mbuf *m, *a;
		uint32_t seed = 7;

		build(cases[i].ip, IPPROTO_TCP);
		/* However it lies in memory. */
		for (uint32_t first = 1; first < 2000; first += 211) {
			m = test_chain(pool, f.bytes, f.len, first, 900, &seed);
			m->port = 3;
			m->vlan_tci = 0x6005;
			a = answered(m, LIMIT, cases[i].room);
			assert_int_equal(a->port, 3);
			assert_int_equal(a->vlan_tci, 0x6005);
			assert_memory_equal(check_headers(a, LIMIT, cases[i].total), l3(),
					    cases[i].total - (f.ip == 4 ? 28 : 48));
			rte_pktmbuf_free(a);
			assert_true(test_same_bytes(m, f.bytes, f.len));
			rte_pktmbuf_free(m);
		}
	}
}

/* Tags that are payload come back, and take their part of the MTU, here and on the way back. */
static void keeps_tags(void **state)
{
	struct rte_mbuf *m, *a;

	for (uint8_t ip = 4; ip <= 6; ip += 2) {
		build(ip, IPPROTO_UDP);
		f.tags[0] = 0x88a80007;
		f.tags[1] = 0x81006008;
		test_frame_build(&f);
		if (ip == 4)
			set_fragment(0x4000);
		m = test_frame_mbuf(&f, pool);
		a = answered(m, LIMIT, 576);
		check_headers(a, LIMIT - 8, 568);
		rte_pktmbuf_free(a);
		rte_pktmbuf_free(m);
	}
}

/* Of a unit the first frame is quoted. */
static void quotes_first_frame_of_units(void **state)
{
	static const struct {
		uint8_t ip, proto;
	} cases[] = {{4, 6}, {6, 6}, {4, 17}, {6, 17}};

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		uint32_t size;
		const uint8_t *q;
		struct rte_mbuf *m, *a;

		build(cases[i].ip, cases[i].proto);
		f.payload = 20000;
		test_frame_build(&f);
		if (f.ip == 4) {
			set_fragment(0x4000);
			l3()[10] ^= 0xff; /* of a unit nobody has to fill it in */
		}
		m = test_frame_mbuf(&f, pool);
		m->ol_flags |= f.proto == 6 ? RTE_MBUF_F_TX_TCP_SEG : RTE_MBUF_F_TX_UDP_SEG;
		m->tso_segsz = 4000;
		a = answered(m, LIMIT, 9000);
		q = check_headers(a, LIMIT, f.ip == 4 ? 576 : 1280);
		size = f.l3_len + f.l4_len + 4000u;
		if (f.ip == 4) {
			assert_int_equal(pkt_be16(q + 2), size);
			assert_int_equal(test_sum(q, 20, 0), 0xffff);
			assert_memory_equal(q + 12, l3() + 12, 8);
		} else {
			assert_int_equal(pkt_be16(q + 4), size - 40);
			assert_memory_equal(q + 6, l3() + 6, 34);
		}
		/* Ports and sequence number, by which the sender knows the connection. */
		assert_memory_equal(q + f.l3_len, l3() + f.l3_len, f.proto == 6 ? 20 : 4);
		if (f.proto == 17)
			assert_int_equal(pkt_be16(q + f.l3_len + 4), 4008);
		rte_pktmbuf_free(a);
		/* A unit whose frames fit is none of this. */
		m->tso_segsz = 1400;
		assert_int_equal(ptb_judge(m, LIMIT, &p), PTB_SMALL);
		rte_pktmbuf_free(m);
	}
}

static void no_mbuf(void **state)
{
	struct rte_mbuf *taken[MBUFS], *m;
	unsigned int n = 0;

	build(4, IPPROTO_TCP);
	m = test_frame_mbuf(&f, pool);
	assert_int_equal(ptb_judge(m, LIMIT, &p), PTB_DUE);
	while (n < MBUFS && (taken[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	assert_null(ptb_answer(m, &p, 9000, pool));
	rte_pktmbuf_free_bulk(taken, n);
	rte_pktmbuf_free(m);
}

static void bounded(void **state)
{
	const uint64_t hz = 2000000000, ms = hz / 1000;
	uint64_t full_at = 0, now = 77 * hz;
	int sent = 0;

	for (int i = 0; i < 1000; i++)
		sent += ptb_allowed(&full_at, now, hz);
	assert_int_equal(sent, PTB_BURST);
	/* Then one for each millisecond. */
	assert_false(ptb_allowed(&full_at, now + ms - 1, hz));
	assert_true(ptb_allowed(&full_at, now + ms, hz));
	assert_false(ptb_allowed(&full_at, now + ms, hz));
	sent = 0;
	for (uint64_t t = 0; t < 10 * hz; t += ms / 10)
		sent += ptb_allowed(&full_at, now + ms + t, hz);
	assert_in_range(sent, 9998, 10001);
	/* What was not used is not saved up beyond the burst. */
	sent = 0;
	for (int i = 0; i < 1000; i++)
		sent += ptb_allowed(&full_at, now + 3600 * hz, hz);
	assert_int_equal(sent, PTB_BURST);
}

static int all_mbufs_back(void **state)
{
	return rte_mempool_avail_count(pool) == MBUFS ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_teardown(name, all_mbufs_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(due),	 TEST(not_without_df),	 TEST(not_for_broken_packets),
		TEST(fragments), TEST(not_for_groups),	 TEST(only_between_hosts),
		TEST(icmp),	 TEST(only_if_it_helps), TEST(ipv6_is_told_1280_at_least),
		TEST(answers),	 TEST(keeps_tags),	 TEST(quotes_first_frame_of_units),
		TEST(no_mbuf),	 TEST(bounded),
	};

	test_eal_init();
	pool = test_pool("ptb", MBUFS, 2048);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
