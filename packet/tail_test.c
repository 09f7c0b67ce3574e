/* SPDX-License-Identifier: BSD-3-Clause */
/* A borrowed tail as segments: the bytes, the counts, and that a failure leaves no trace. */
#include "packet/tail.h"

#include "packet/burst.h"
#include "packet/test_eal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DATA_MBUFS = 127, HEADER_MBUFS = 127, HEAD = 100, BYTES = 5000, PIECES = 5 };

static struct pkt_counters counters[1];
static struct pkt_worker worker = {.counters = counters};
static uint8_t bytes[BYTES];
static struct pkt_piece pieces[PIECES];
static struct rte_mbuf_ext_shared_info owner;
static struct pkt_tail tail = {.pieces = pieces, .n = PIECES, .len = BYTES - HEAD, .owner = &owner};

static void never(void *at, void *arg)
{
	fail_msg("the owner's own reference was freed");
}

/* A packet whose first bytes are its own, and the rest in pieces of the owner's. */
static struct rte_mbuf *packet(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker.data_pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, HEAD), bytes, HEAD);
	m->pkt_len = BYTES;
	for (int i = 0; i < PIECES; i++) {
		uint32_t at = HEAD + 900u * i;

		pieces[i] = (struct pkt_piece){.at = bytes + at,
					       .len = i + 1 < PIECES ? 900 : BYTES - at};
	}
	rte_mbuf_ext_refcnt_set(&owner, 1);
	owner.free_cb = never;
	pkt_tail_set(m, &tail);
	return m;
}

static void all_is_back(void)
{
	assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
	assert_int_equal(rte_mempool_avail_count(worker.data_pool), DATA_MBUFS);
	assert_int_equal(rte_mempool_avail_count(worker.header_pool), HEADER_MBUFS);
}

static void same_bytes(const struct rte_mbuf *m)
{
	static uint8_t copy[BYTES];
	const char *why;

	assert_int_equal(rte_mbuf_check(m, 1, &why), 0);
	assert_int_equal(m->pkt_len, BYTES);
	assert_memory_equal(rte_pktmbuf_read(m, 0, BYTES, copy), bytes, BYTES);
}

static void becomes_segments(void **state)
{
	struct rte_mbuf *m = packet();

	assert_ptr_equal(pkt_tail_of(m), &tail);
	assert_int_equal(pkt_tail_settle(m, worker.header_pool), 0);
	assert_null(pkt_tail_of(m));
	assert_int_equal(m->nb_segs, 1 + PIECES);
	assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1 + PIECES);
	/* Where they lie: nothing is copied. */
	assert_ptr_equal(rte_pktmbuf_mtod(m->next, void *), bytes + HEAD);
	same_bytes(m);
	/* A second time there is nothing to do. */
	assert_int_equal(pkt_tail_settle(m, worker.header_pool), 0);
	assert_int_equal(m->nb_segs, 1 + PIECES);
	rte_pktmbuf_free(m);
	all_is_back();
}

/* Of a flooded packet every holder frees all segments. */
static void of_a_shared_packet(void **state)
{
	struct rte_mbuf *m = packet();

	rte_mbuf_refcnt_update(m, 2);
	assert_int_equal(pkt_tail_settle(m, worker.header_pool), 0);
	for (int i = 0; i < 2; i++) {
		same_bytes(m);
		rte_pktmbuf_free(m);
		assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1 + PIECES);
	}
	same_bytes(m);
	rte_pktmbuf_free(m);
	all_is_back();
}

static void without_mbufs_nothing_changes(void **state)
{
	struct rte_mbuf *m = packet(), *taken[HEADER_MBUFS];
	uint64_t flags = m->ol_flags;

	for (unsigned int left = 0; left < PIECES; left++) {
		unsigned int n = HEADER_MBUFS - left;

		assert_int_equal(rte_pktmbuf_alloc_bulk(worker.header_pool, taken, n), 0);
		assert_int_equal(pkt_tail_settle(m, worker.header_pool), -ENOMEM);
		assert_int_equal(m->ol_flags, flags);
		assert_int_equal(m->nb_segs, 1);
		assert_null(m->next);
		assert_ptr_equal(pkt_tail_of(m), &tail);
		assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
		assert_int_equal(rte_mempool_avail_count(worker.header_pool), left);
		rte_pktmbuf_free_bulk(taken, n);
	}
	rte_pktmbuf_free(m);
	all_is_back();
}

static void longer_than_a_chain_can_be(void **state)
{
	struct rte_mbuf *m = packet();

	tail.n = RTE_MBUF_MAX_NB_SEGS;
	assert_int_equal(pkt_tail_settle(m, worker.header_pool), -ENOMEM);
	tail.n = PIECES;
	assert_int_equal(m->nb_segs, 1);
	rte_pktmbuf_free(m);
	all_is_back();
}

/* A copy of the headers refers to the same bytes, and gives the tail up with the packet. */
static void headers_of_ones_own(void **state)
{
	for (int holders = 1; holders <= 2; holders++) {
		for (uint16_t len = 60; len <= 180; len += 60) {
			struct rte_mbuf *m = packet(), *own;

			if (holders == 2)
				rte_mbuf_refcnt_update(m, 1);
			own = pkt_own_headers(&worker, m, len);
			assert_non_null(own);
			/* What is nobody else's and lies together stays as it is. */
			assert_int_equal(own == m, holders == 1 && len <= HEAD);
			assert_false(pkt_is_shared(own));
			assert_true(own->data_len >= len);
			assert_int_equal(pkt_tail_settle(own, worker.header_pool), 0);
			same_bytes(own);
			memset(rte_pktmbuf_mtod(own, void *), 0xee, len);
			rte_pktmbuf_free(own);
			if (holders == 2) {
				same_bytes(m);
				rte_pktmbuf_free(m);
			}
			all_is_back();
		}
	}
}

static int setup(void **state)
{
	uint32_t seed = 1;

	test_eal_init();
	for (int i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)test_random(&seed);
	worker.data_pool = test_pool("data", DATA_MBUFS, 2048);
	worker.header_pool = test_pool("header", HEADER_MBUFS, 256);
	return pkt_tail_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(becomes_segments),
		cmocka_unit_test(of_a_shared_packet),
		cmocka_unit_test(without_mbufs_nothing_changes),
		cmocka_unit_test(longer_than_a_chain_can_be),
		cmocka_unit_test(headers_of_ones_own),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
