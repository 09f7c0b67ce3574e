/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/burst.h"

#include "packet/test_eal.h"

#include <rte_mbuf_dyn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DATA_MBUFS = 1023, HEADER_MBUFS = 511 };

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static uint8_t bytes[5000];

static void pools_are_full(void)
{
	assert_int_equal(rte_mempool_avail_count(worker.data_pool), DATA_MBUFS);
	assert_int_equal(rte_mempool_avail_count(worker.header_pool), HEADER_MBUFS);
}

/* A packet as a port receives it, with every field that must survive. */
static struct rte_mbuf *packet(uint32_t len, uint32_t first, uint32_t most, uint32_t *seed)
{
	struct rte_mbuf *m = test_chain(worker.data_pool, bytes, len, first, most, seed);

	assert_non_null(m);
	m->port = 5;
	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IPV4;
	m->vlan_tci = 77;
	m->packet_type = RTE_PTYPE_L3_IPV4;
	m->l2_len = 14;
	m->l3_len = 20;
	m->l4_len = 20;
	m->tso_segsz = 1448;
	return m;
}

static void same_packet(const struct rte_mbuf *m, uint32_t len)
{
	static uint8_t copy[sizeof(bytes)];
	const char *why;

	assert_int_equal(rte_mbuf_check(m, 1, &why), 0);
	assert_int_equal(m->pkt_len, len);
	assert_memory_equal(rte_pktmbuf_read(m, 0, len, copy), bytes, len);
	assert_int_equal(m->port, 5);
	assert_int_equal(m->vlan_tci, 77);
	assert_int_equal(m->packet_type, RTE_PTYPE_L3_IPV4);
	assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK,
			 RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_IPV4);
	assert_int_equal(m->l2_len + m->l3_len + m->l4_len, 54);
	assert_int_equal(m->tso_segsz, 1448);
}

/* Owns `len` bytes of m, writes to them, and sees that nobody else did. */
static void own_and_write(struct rte_mbuf *m, struct rte_mbuf *other, uint32_t pkt_len,
			  uint16_t len)
{
	struct rte_mbuf *own = pkt_own_headers(&worker, m, len);

	assert_non_null(own);
	assert_false(pkt_is_shared(own));
	assert_true(own->data_len >= RTE_MIN(len, pkt_len));
	same_packet(own, pkt_len);
	memset(rte_pktmbuf_mtod(own, void *), 0xee, RTE_MIN(len, own->data_len));
	if (other != NULL) {
		same_packet(other, pkt_len);
		rte_pktmbuf_free(other);
	}
	if (pkt_len > len)
		assert_int_equal(*(const uint8_t *)rte_pktmbuf_read(own, len, 1, &(uint8_t){0}),
				 bytes[len]);
	rte_pktmbuf_free(own);
	pools_are_full();
}

static void own_what_is_mine(void **state)
{
	uint32_t seed = 1;
	struct rte_mbuf *m = packet(1000, 300, 300, &seed);

	assert_ptr_equal(pkt_own_headers(&worker, m, 256), m);
	assert_ptr_equal(pkt_own_headers(&worker, m, 300), m);
	rte_pktmbuf_free(m);
	m = packet(60, 60, 1, &seed);
	assert_ptr_equal(pkt_own_headers(&worker, m, 256), m);
	rte_pktmbuf_free(m);
	pools_are_full();
}

static void own_of_flooded(void **state)
{
	uint32_t seed = 2;

	for (uint32_t len = 1; len < sizeof(bytes); len += 1 + test_below(&seed, 40)) {
		struct rte_mbuf *m = packet(len, 1 + test_below(&seed, 200), 2000, &seed);

		rte_pktmbuf_refcnt_update(m, 1);
		own_and_write(m, m, len, 1 + test_below(&seed, 256));
	}
}

static void own_of_clone(void **state)
{
	uint32_t seed = 3;

	for (uint32_t len = 1; len < sizeof(bytes); len += 1 + test_below(&seed, 40)) {
		struct rte_mbuf *m = packet(len, 1 + test_below(&seed, 200), 2000, &seed);
		struct rte_mbuf *clone = rte_pktmbuf_clone(m, worker.data_pool);

		assert_non_null(clone);
		if (len % 2)
			own_and_write(clone, m, len, 1 + test_below(&seed, 256));
		else
			own_and_write(m, clone, len, 1 + test_below(&seed, 256));
	}
}

static void own_of_spread(void **state)
{
	uint32_t seed = 4;

	for (uint32_t len = 1; len < 1500; len += 1 + test_below(&seed, 20))
		own_and_write(packet(len, 1 + test_below(&seed, 20), 40, &seed), NULL, len,
			      1 + test_below(&seed, 256));
}

static int frees;

static void count_free(void *addr, void *opaque)
{
	frees++;
}

static void own_of_external(void **state)
{
	static uint8_t guest[2000];
	uint32_t seed = 5;

	for (int i = 0; i < 100; i++) {
		uint32_t len = 100 + test_below(&seed, 1800);
		struct rte_mbuf_ext_shared_info info = {.free_cb = count_free};
		struct rte_mbuf *m = packet(1, 1, 1, &seed);

		memcpy(guest, bytes, len);
		frees = 0;
		rte_mbuf_ext_refcnt_set(&info, 1);
		rte_pktmbuf_attach_extbuf(m, guest, 0, sizeof(guest), &info);
		m->data_len = m->pkt_len = len;
		own_and_write(m, NULL, len, 54);
		assert_int_equal(frees, 1);
		assert_memory_equal(guest, bytes, len);
	}
}

static void own_without_mbufs(void **state)
{
	static struct rte_mbuf *all[HEADER_MBUFS];
	uint32_t seed = 6;

	for (unsigned int left = 0; left < 4; left++) {
		struct rte_mbuf *m = packet(1000, 20, 300, &seed);

		rte_pktmbuf_refcnt_update(m, 1);
		assert_int_equal(
			rte_pktmbuf_alloc_bulk(worker.header_pool, all, HEADER_MBUFS - left), 0);
		assert_null(pkt_own_headers(&worker, m, 54));
		same_packet(m, 1000);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free_bulk(all, HEADER_MBUFS - left);
		pools_are_full();
	}
}

static void drop_counts(void **state)
{
	uint32_t seed = 7;

	pkt_drop(&worker, packet(100, 30, 30, &seed), 1, PKT_DROP_MTU_OUT);
	assert_int_equal(counters[1].drop[PKT_DROP_MTU_OUT], 1);
	assert_int_equal(counters[0].drop[PKT_DROP_MTU_OUT], 0);
	pools_are_full();
}

static void drop_names(void **state)
{
	assert_null(pkt_drop_name(PKT_DROP_NONE));
	assert_null(pkt_drop_help(PKT_DROP_NONE));
	assert_null(pkt_drop_name(PKT_DROP_MAX));
	for (enum pkt_drop r = PKT_DROP_NONE + 1; r < PKT_DROP_MAX; r++) {
		assert_non_null(pkt_drop_name(r));
		assert_non_null(pkt_drop_help(r));
	}
	assert_string_equal(pkt_drop_name(PKT_DROP_MTU_OUT), "mtu_out");
}

static void flags_are_ours(void **state)
{
	static const struct rte_mbuf_dynflag other = {.name = "other"};

	assert_int_equal(PKT_FIXED_ID & (RTE_MBUF_F_TX_OFFLOAD_MASK | RTE_MBUF_F_INDIRECT |
					 RTE_MBUF_F_EXTERNAL),
			 0);
	assert_int_equal(pkt_flags_reserve(), 0);
	assert_true(rte_mbuf_dynflag_register_bitnum(&other, rte_bsf64(PKT_FIXED_ID)) < 0);
	assert_int_equal(pkt_flags_reserve(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_what_is_mine), cmocka_unit_test(own_of_flooded),
		cmocka_unit_test(own_of_clone),	    cmocka_unit_test(own_of_spread),
		cmocka_unit_test(own_of_external),  cmocka_unit_test(own_without_mbufs),
		cmocka_unit_test(drop_counts),	    cmocka_unit_test(drop_names),
		cmocka_unit_test(flags_are_ours),
	};
	uint32_t seed = 9;

	test_eal_init();
	worker.data_pool = test_pool("data", DATA_MBUFS, 2048);
	worker.header_pool = test_pool("header", HEADER_MBUFS, 256);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = test_random(&seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
