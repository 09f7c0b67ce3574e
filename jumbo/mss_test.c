/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/mss.h"

#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MBUFS = 255, SYN = 0x02, ACK = 0x10 };

static struct rte_mempool *pool;
static struct test_frame f;

/* A TCP packet whose payload's first bytes are options; the sum is complete. */
static struct rte_mbuf *segment(uint8_t ip, uint8_t flags, const char *options, uint32_t len)
{
	uint8_t *l3, *tcp;
	uint16_t sum;

	memset(&f, 0, offsetof(struct test_frame, bytes));
	f.ip = ip;
	f.tcp_flags = flags;
	f.payload = len;
	test_frame_build(&f);
	l3 = f.bytes + f.l2_len;
	tcp = l3 + f.l3_len;
	memcpy(tcp + 20, options, len);
	tcp[12] = (uint8_t)((20 + len) / 4 << 4);
	sum = pkt_csum_pseudo(l3, ip, 6, 20 + len);
	memcpy(tcp + 16, &sum, 2);
	test_be16(tcp + 16, ~test_sum(tcp, 20 + len, 0));
	return test_frame_mbuf(&f, pool);
}

static const uint8_t *tcp_of(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, const uint8_t *, f.l2_len + f.l3_len);
}

/* Is the checksum of m right? */
static bool sum_right(const struct rte_mbuf *m)
{
	const uint8_t *l3 = rte_pktmbuf_mtod_offset(m, const uint8_t *, f.l2_len);
	uint32_t len = m->pkt_len - f.l2_len - f.l3_len;

	return pkt_csum_mbuf(m, f.l2_len + f.l3_len, len, pkt_csum_pseudo(l3, f.ip, 6, len)) ==
	       0xffff;
}

/* The options become `after` at that MTU, and the sum stays right. */
static void becomes(uint8_t ip, uint16_t mtu, const char *options, const char *after, uint32_t len)
{
	struct rte_mbuf *m = segment(ip, SYN, options, len);
	struct mss_syn syn;

	assert_true(sum_right(m));
	assert_true(mss_too_large(m, mtu, &syn));
	assert_int_equal(syn.headers, m->pkt_len);
	mss_lower(m, &syn);
	assert_memory_equal(tcp_of(m) + 20, after, len);
	assert_true(sum_right(m));
	assert_false(mss_too_large(m, mtu, &syn));
	rte_pktmbuf_free(m);
}

static void stays(uint8_t ip, uint8_t flags, uint16_t mtu, const char *options, uint32_t len)
{
	struct rte_mbuf *m = segment(ip, flags, options, len);
	struct mss_syn syn;

	assert_false(mss_too_large(m, mtu, &syn));
	rte_pktmbuf_free(m);
}

static void lowers(void **state)
{
	becomes(4, 1500, "\2\4\x23\0", "\2\4\x05\xb4", 4); /* 8960 to 1460 */
	becomes(6, 1500, "\2\4\x22\xec", "\2\4\x05\xa0", 4);
	becomes(4, 576, "\2\4\xff\xff", "\2\4\x02\x18", 4);
	/* Behind others, at an odd place, and more than once. */
	becomes(4, 1500, "\4\2\3\3\7\2\4\x23\0\0\0\0", "\4\2\3\3\7\2\4\x05\xb4\0\0\0", 12);
	becomes(6, 9000, "\1\2\4\xff\xfe\1\1\1", "\1\2\4\x22\xec\1\1\1", 8);
	becomes(4, 1500, "\2\4\x23\0\1\2\4\x05\x50\2\4\x05\xb5\0\0\0",
		"\2\4\x05\xb4\1\2\4\x05\x50\2\4\x05\xb4\0\0\0", 16);
}

static void every_value(void **state)
{
	char options[5] = {2, 4};

	for (uint32_t mss = 1461; mss < 65536; mss += 13) {
		test_be16((uint8_t *)options + 2, mss);
		becomes(4, 1500, options, "\2\4\x05\xb4", 4);
	}
}

static void leaves_alone(void **state)
{
	stays(4, SYN, 1500, "\2\4\x05\xb4", 4); /* fits; never raised */
	stays(4, SYN, 9000, "\2\4\x05\xb4", 4);
	stays(4, SYN, 1500, "", 0);
	stays(4, SYN, 1500, "\1\1\1\0", 4);
	stays(4, ACK, 1500, "\2\4\x23\0", 4);	      /* not a SYN */
	stays(4, SYN, 1500, "\0\2\4\x23\0\0\0\0", 8); /* behind the end */
	/* Lists that do not hold together, the good option first or not. */
	stays(4, SYN, 1500, "\2\3\x23\0", 4);
	stays(4, SYN, 1500, "\2\4\x23\0\5\0\1\1", 8);
	stays(4, SYN, 1500, "\2\4\x23\0\5\1\1\1", 8);
	stays(4, SYN, 1500, "\2\4\x23\0\1\1\1\5", 8);
	stays(6, SYN, 1500, "\2\4\x23\0\5\5\1\1", 8);
	stays(6, SYN, 1500, "\1\1\2\4", 4);
}

static void syn_ack(void **state)
{
	struct rte_mbuf *m = segment(6, SYN | ACK, "\2\4\x23\0", 4);
	struct mss_syn syn;

	assert_true(mss_too_large(m, 1500, &syn));
	assert_int_equal(syn.mss, 1440);
	rte_pktmbuf_free(m);
}

/* Tags are a part of what must fit. */
static void tags_count(void **state)
{
	struct rte_mbuf *m = segment(4, SYN, "\2\4\x23\0", 4);
	struct mss_syn syn;
	uint8_t *d = (uint8_t *)rte_pktmbuf_prepend(m, 4);

	memmove(d, d + 4, 12);
	memcpy(d + 12, "\x81\0\0\7", 4);
	assert_true(mss_too_large(m, 1500, &syn));
	assert_int_equal(syn.mss, 1456);
	assert_int_equal(syn.tcp_at, 38);
	rte_pktmbuf_free(m);
}

/* A sum that is to be completed later does not cover the options yet. */
static void leaves_partial_sums(void **state)
{
	struct rte_mbuf *m = segment(4, SYN, "\2\4\x23\0", 4);
	struct mss_syn syn;
	uint16_t sum;

	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4;
	m->l2_len = f.l2_len;
	m->l3_len = f.l3_len;
	m->l4_len = 24;
	sum = pkt_csum_pseudo(f.bytes + f.l2_len, 4, 6, 24);
	memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, f.l2_len + f.l3_len + 16), &sum, 2);
	assert_true(mss_too_large(m, 1500, &syn));
	mss_lower(m, &syn);
	assert_memory_equal(tcp_of(m) + 16, &sum, 2);
	assert_int_equal(pkt_csum_complete(m), 0);
	assert_true(sum_right(m));
	rte_pktmbuf_free(m);
}

/* Found wherever the bytes lie. */
static void chains(void **state)
{
	struct rte_mbuf *m = segment(6, SYN, "\2\4\x23\0", 4);
	struct mss_syn syn;
	uint32_t seed = 5;

	rte_pktmbuf_free(m);
	for (uint32_t first = 1; first < f.len; first += 5) {
		m = test_chain(pool, f.bytes, f.len, first, 9, &seed);
		assert_true(mss_too_large(m, 1500, &syn));
		rte_pktmbuf_free(m);
	}
}

static int all_mbufs_back(void **state)
{
	return rte_mempool_avail_count(pool) == MBUFS ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_teardown(name, all_mbufs_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lowers),	  TEST(every_value),	     TEST(leaves_alone), TEST(syn_ack),
		TEST(tags_count), TEST(leaves_partial_sums), TEST(chains),
	};

	test_eal_init();
	pool = test_pool("mss", MBUFS, 2048);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
