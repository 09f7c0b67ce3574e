/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/tap.h"

#include "packet/csum.h"
#include "packet/tail.h"
#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

enum { BYTES = CHIM_TAP_BYTES_MIN, ALL = TEST_FRAME_MAX };

static struct rte_mempool *pool;
static struct test_frame frame;
static uint32_t seed = 7;

static struct rte_mbuf *chain(uint32_t payload, uint8_t ip)
{
	frame = (struct test_frame){.dst = 2, .src = 1, .ip = ip, .payload = payload};
	test_frame_build(&frame);
	return test_chain(pool, frame.bytes, frame.len, 54, 1500, &seed);
}

static struct chim_tap_record take(struct chim_tap *t)
{
	struct chim_tap_record r;

	assert_true(chim_tap_peek(t, &r));
	return r;
}

static void put(struct chim_tap *t, struct rte_mbuf *m, bool out, uint16_t vlan)
{
	assert_non_null(m);
	chim_tap_put(t, m, out, vlan);
	rte_pktmbuf_free(m);
}

static void chains_are_copied_whole(void **state)
{
	static const uint32_t lengths[] = {0, 1, 700, 1500, 65000};
	struct chim_tap *t = chim_tap_new(BYTES, ALL);

	for (unsigned int i = 0; i < RTE_DIM(lengths); i++) {
		struct timespec before, after;
		struct chim_tap_record r;

		clock_gettime(CLOCK_REALTIME, &before);
		put(t, chain(lengths[i], 4 + i % 2 * 2), i % 2 == 0, 0);
		clock_gettime(CLOCK_REALTIME, &after);
		r = take(t);
		assert_int_equal(r.len, frame.len);
		assert_int_equal(r.kept, frame.len);
		assert_int_equal(r.out, i % 2 == 0);
		assert_int_equal(r.segsz, 0);
		assert_memory_equal(r.data, frame.bytes, frame.len);
		assert_true(r.time_ns >=
			    (uint64_t)before.tv_sec * 1000000000 + (uint64_t)before.tv_nsec);
		assert_true(r.time_ns <=
			    (uint64_t)after.tv_sec * 1000000000 + (uint64_t)after.tv_nsec);
		chim_tap_next(t);
		assert_false(chim_tap_peek(t, &r));
	}
	chim_tap_free(t);
}

static void no_more_is_kept_than_wanted(void **state)
{
	struct chim_tap *t = chim_tap_new(BYTES, 100);
	struct chim_tap_record r;

	put(t, chain(3000, 4), true, 0);
	put(t, chain(3000, 4), true, 0x6007);
	put(t, chain(20, 4), false, 0);
	r = take(t);
	assert_int_equal(r.len, 3054);
	assert_int_equal(r.kept, 100);
	chim_tap_next(t);
	assert_int_equal(take(t).len, 3058);
	assert_int_equal(take(t).kept, 100);
	chim_tap_next(t);
	assert_int_equal(take(t).kept, 74);
	assert_memory_equal(take(t).data, frame.bytes, 74);
	chim_tap_free(t);
}

static void tags_are_put_back(void **state)
{
	struct chim_tap *t = chim_tap_new(BYTES, ALL);
	struct chim_tap_record r;

	put(t, chain(100, 6), false, 0x6007);
	r = take(t);
	assert_int_equal(r.len, frame.len + 4);
	assert_int_equal(r.kept, frame.len + 4);
	assert_memory_equal(r.data, frame.bytes, 12);
	assert_memory_equal(r.data + 12, "\x81\x00\x60\x07", 4);
	assert_memory_equal(r.data + 16, frame.bytes + 12, frame.len - 12);
	chim_tap_free(t);
}

static void borrowed_tails_are_copied(void **state)
{
	struct chim_tap *t = chim_tap_new(BYTES, ALL);
	struct pkt_piece pieces[2];
	struct pkt_tail tail = {.pieces = pieces, .n = 2};
	struct rte_mbuf *m;

	frame = (struct test_frame){.ip = 4, .payload = 5000};
	test_frame_build(&frame);
	m = test_chain(pool, frame.bytes, 128, 128, 1, &seed);
	pieces[0] = (struct pkt_piece){frame.bytes + 128, 3000};
	pieces[1] = (struct pkt_piece){frame.bytes + 3128, frame.len - 3128};
	tail.len = frame.len - 128;
	m->pkt_len = frame.len;
	pkt_tail_set(m, &tail);
	put(t, m, false, 0);
	assert_int_equal(take(t).kept, frame.len);
	assert_memory_equal(take(t).data, frame.bytes, frame.len);
	chim_tap_free(t);
}

static bool sums_up(const struct chim_tap_record *r)
{
	const uint8_t *l3 = r->data + r->len - (frame.len - frame.l2_len);
	uint32_t l4_total = frame.len - frame.l2_len - frame.l3_len;

	return pkt_csum_fold((uint64_t)pkt_csum_pseudo(l3, frame.ip, 6, l4_total) +
			     pkt_csum_bytes(l3 + frame.l3_len, l4_total)) == 0xffff;
}

/* One that the way would have completed, and a unit whose pseudo-header's sum has no length. */
static void checksums_are_completed(void **state)
{
	struct chim_tap *t = chim_tap_new(BYTES, ALL), *some = chim_tap_new(BYTES, 1000);

	for (int i = 0; i < 4; i++) {
		struct rte_mbuf *m = chain(2001, i < 2 ? 4 : 6);
		struct chim_tap_record r;

		m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		if (i % 2) {
			uint8_t *l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, frame.l2_len);
			uint16_t sum = pkt_csum_pseudo(l3, frame.ip, 6, 0);

			memcpy(l3 + frame.l3_len + 16, &sum, 2);
			m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
			m->tso_segsz = 700;
		}
		chim_tap_put(some, m, true, 0);
		put(t, m, true, i == 3 ? 9 : 0);
		r = take(t);
		assert_int_equal(r.segsz, i % 2 ? 700 : 0);
		assert_true(sums_up(&r));
		chim_tap_next(t);
		if (i % 2 == 0) /* one that is not whole stays as it is */
			assert_memory_equal(take(some).data, frame.bytes, 1000);
		chim_tap_next(some);
	}
	put(t, chain(2001, 4), false, 0);
	assert_false(sums_up(&(struct chim_tap_record){.data = take(t).data, .len = frame.len}));
	chim_tap_free(t);
	chim_tap_free(some);
}

static void what_finds_no_room_is_counted(void **state)
{
	struct chim_tap *t = chim_tap_new(BYTES, 1000);
	/* An entry is 1000 bytes and 24 before them. */
	const uint32_t fit = BYTES / 1024;
	uint32_t n = 0;

	for (uint32_t i = 0; i < fit + 5; i++)
		put(t, chain(1000 + i, 4), true, 0);
	assert_int_equal(chim_tap_lost(t), 5);
	chim_tap_next(t);
	put(t, chain(5000, 4), true, 0);
	assert_int_equal(chim_tap_lost(t), 5);
	put(t, chain(5001, 4), true, 0);
	assert_int_equal(chim_tap_lost(t), 6);
	for (struct chim_tap_record r; chim_tap_peek(t, &r); n++) {
		assert_int_equal(r.len, 54 + (n == fit - 1 ? 5000 : 1001 + n));
		chim_tap_next(t);
	}
	assert_int_equal(n, fit);
	chim_tap_free(t);
}

/* Lengths of all kinds, so that entries end at every distance from the end of the ring. */
static void the_ring_goes_round(void **state)
{
	struct chim_tap *t = chim_tap_new(BYTES, 66000);
	uint32_t lens[64] = {0}, first = 0, n = 0, rng = 99, laps = 0;
	struct chim_tap_record r;
	static uint8_t blank[66000];
	const uint8_t *was = NULL;

	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t len = 64 + test_below(&rng, i % 7 ? 3000 : 60000);
		struct rte_mbuf *m = test_chain(pool, blank, len, 2000, 2048, &seed);
		uint64_t lost = chim_tap_lost(t);

		*rte_pktmbuf_mtod(m, uint32_t *) = i;
		put(t, m, true, 0);
		if (chim_tap_lost(t) == lost)
			lens[(first + n++) % 64] = len << 12 | i;
		while (n > 0 && (n == 64 || test_below(&rng, 3))) {
			uint32_t want = lens[first++ % 64];

			n--;
			assert_true(chim_tap_peek(t, &r));
			assert_int_equal(r.len, want >> 12);
			assert_int_equal(*(const uint32_t *)r.data, want & 4095);
			laps += r.data < was;
			was = r.data;
			chim_tap_next(t);
		}
	}
	assert_true(laps > 50);
	chim_tap_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_copied_whole),
		cmocka_unit_test(no_more_is_kept_than_wanted),
		cmocka_unit_test(tags_are_put_back),
		cmocka_unit_test(borrowed_tails_are_copied),
		cmocka_unit_test(checksums_are_completed),
		cmocka_unit_test(what_finds_no_room_is_counted),
		cmocka_unit_test(the_ring_goes_round),
	};

	test_eal_init();
	pool = test_pool("data", 512, 2048);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
