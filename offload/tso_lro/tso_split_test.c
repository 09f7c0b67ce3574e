/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/tso_lro/tso_split.h"

#include "offload/tso_lro/test_unit.h"
#include "packet/burst.h"
#include "packet/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DATA_MBUFS = 2047, HEADER_MBUFS = 8191 };

static struct rte_mempool *data_pool, *header_pool;
static struct rte_mbuf *frames[PKT_FRAMES_MAX];
static struct test_unit unit;

static void pools_are_full(void)
{
	assert_int_equal(rte_mempool_avail_count(data_pool), DATA_MBUFS);
	assert_int_equal(rte_mempool_avail_count(header_pool), HEADER_MBUFS);
}

static struct rte_mbuf *chain(uint32_t first, uint32_t most, uint32_t *seed)
{
	struct rte_mbuf *m = test_chain(data_pool, unit.bytes, unit.len, first, most, seed);

	assert_non_null(m);
	test_unit_intent(&unit, m);
	m->port = 3;
	m->vlan_tci = 42;
	m->packet_type = RTE_PTYPE_L4_TCP;
	m->hash.rss = 0xabcd;
	return m;
}

/* The layer 4 checksum in the open; the units here have no segments left in routing headers. */
static uint16_t l4_sum(const uint8_t *l3, uint32_t l4_total)
{
	const uint8_t *l4 = l3 + unit.l3_len;
	uint8_t tail[8] = {0, 0, l4_total >> 8, l4_total, 0, 0, 0, unit.udp ? 17 : 6};
	uint16_t sum = unit.ipv6 ? test_sum(l3 + 8, 32, 0) : test_sum(l3 + 12, 8, 0);

	sum = test_sum(tail, sizeof(tail), sum);
	return test_sum(l4, l4_total, sum);
}

static void flatten(const struct rte_mbuf *m, uint8_t *to)
{
	for (; m != NULL; to += m->data_len, m = m->next)
		memcpy(to, rte_pktmbuf_mtod(m, void *), m->data_len);
}

/* The outer headers of the i-th frame: `want` are the unit's, and becomes the frame's. */
static void expect_outer(uint8_t *want, const uint8_t *got, uint32_t i, uint32_t size)
{
	const struct test_tunnel *t = &unit.tunnel;
	uint8_t *l3 = want + t->l3, *l4 = want + t->l4;
	uint8_t tail[8] = {0, 0, (size - t->l4) >> 8, size - t->l4, 0, 0, 0, 17};
	uint16_t sum;

	if (t->kind == TEST_BARE)
		return;
	if (t->ipv6) {
		test_put16(l3 + 4, size - t->l4);
	} else {
		test_put16(l3 + 2, size - t->l3);
		test_put16(l3 + 4, t->ip_id + i);
		test_put16(l3 + 10, 0);
		test_put16(l3 + 10, ~test_sum(l3, t->l4 - t->l3, 0));
	}
	test_put16(l4 + 4, size - t->l4);
	if (!t->ipv6 && !t->sum && !t->ask_sum)
		return; /* none remains none: the field is 0 in `want` */
	memcpy(l4 + 6, got + t->l4 + 6, 2);
	assert_false(l4[6] == 0 && l4[7] == 0);
	sum = t->ipv6 ? test_sum(l3 + 8, 32, 0) : test_sum(l3 + 12, 8, 0);
	sum = test_sum(tail, sizeof(tail), sum);
	assert_int_equal(test_sum(got + t->l4, size - t->l4, sum), 0xffff);
}

/* What stages learn from the frame's mbuf is of its outermost headers. */
static void check_mbuf(const struct rte_mbuf *f, const uint8_t *got)
{
	struct pkt_headers h;

	assert_int_equal(pkt_parse(got, RTE_MIN(f->pkt_len, 256u), f->pkt_len, &h), 0);
	assert_int_equal(h.l4, unit.udp || unit.tunnel.inner ? PKT_L4_UDP : PKT_L4_TCP);
	assert_int_equal(h.l2_len, f->l2_len);
	assert_int_equal(h.l3_len, f->l3_len);
	assert_int_equal(h.l4_len, f->l4_len);
	assert_int_equal(f->outer_l2_len | f->outer_l3_len, 0);
	assert_int_equal(f->ol_flags, 0);
	assert_int_equal(f->tso_segsz, 0);
	assert_int_equal(f->port, 3);
	assert_int_equal(f->vlan_tci, 42);
	assert_int_equal(f->packet_type, RTE_PTYPE_L4_TCP);
	assert_int_equal(f->hash.rss, 0xabcd);
}

/* Headers are a direct mbuf that nobody else has; payload is the unit's own bytes. */
static void check_sharing(const struct rte_mbuf *f)
{
	assert_true(RTE_MBUF_DIRECT(f));
	assert_int_equal(rte_mbuf_refcnt_read(f), 1);
	for (const struct rte_mbuf *seg = f->next; seg != NULL; seg = seg->next)
		assert_false(RTE_MBUF_DIRECT(seg));
}

/* The i-th of n frames against what it must be; the expected headers are the unit's with the fields
 * set that change. */
static void check_frame(struct rte_mbuf *f, uint32_t i, uint32_t n)
{
	static uint8_t got[TEST_UNIT_MAX];
	const uint32_t inner = unit.tunnel.inner, l3_at = inner + unit.l2_len;
	uint8_t want[PKT_PARSE_MAX], *l3 = want + l3_at, *l4 = l3 + unit.l3_len;
	uint32_t hdr = l3_at + unit.l3_len + unit.l4_len, from = i * unit.segsz;
	uint32_t len = i + 1 < n ? unit.segsz : unit.payload - from, l4_total = unit.l4_len + len;
	const char *why;

	assert_int_equal(rte_mbuf_check(f, 1, &why), 0);
	assert_int_equal(f->pkt_len, hdr + len);
	assert_in_range(len, 0, unit.segsz);
	assert_int_equal(f->data_len, hdr);
	flatten(f, got);

	memcpy(want, unit.bytes, hdr);
	if (unit.ipv6) {
		test_put16(l3 + 4, unit.l3_len - 40 + l4_total);
	} else {
		test_put16(l3 + 2, unit.l3_len + l4_total);
		test_put16(l3 + 4, unit.ip_id + (unit.fixed_id ? 0 : i));
		memcpy(l3 + 10, got + l3_at + 10, 2);
		assert_int_equal(test_sum(got + l3_at, unit.l3_len, 0), 0xffff);
	}
	if (unit.udp) {
		test_put16(l4 + 4, l4_total);
		memcpy(l4 + 6, got + hdr - 2, 2);
		assert_false(l4[6] == 0 && l4[7] == 0);
	} else {
		test_put16(l4 + 4, (unit.seq + from) >> 16);
		test_put16(l4 + 6, unit.seq + from);
		l4[13] = unit.tcp_flags & (i == 0 ? 0xff : 0x7f) & (i + 1 == n ? 0xff : 0xf6);
		memcpy(l4 + 16, got + l3_at + unit.l3_len + 16, 2);
	}
	expect_outer(want, got, i, hdr + len);
	assert_memory_equal(got, want, hdr);
	assert_memory_equal(got + hdr, unit.bytes + hdr + from, len);
	assert_int_equal(l4_sum(got + l3_at, l4_total), 0xffff);
	check_mbuf(f, got);
	check_sharing(f);
}

/* Splits m, checks all frames, and that no mbuf is lost; they are freed in an odd order. */
static void split_and_check(struct rte_mbuf *m)
{
	uint32_t n = unit.payload == 0 ? 1 : (unit.payload + unit.segsz - 1) / unit.segsz;

	assert_int_equal(tso_split_count(m), n);
	assert_int_equal(tso_split(m, header_pool, frames, PKT_FRAMES_MAX), n);
	for (uint32_t i = 0; i < n; i++)
		check_frame(frames[i], i, n);
	for (uint32_t i = 0; i < n; i += 2)
		rte_pktmbuf_free(frames[i]);
	for (uint32_t i = 1; i < n; i += 2)
		rte_pktmbuf_free(frames[i]);
}

static void random_units(void **state)
{
	uint32_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		uint32_t most = round % 8 == 0 ? 65535 : 6000;

		test_unit_random(&unit, most, &seed);
		/* Headers cut anywhere; payload in pieces of any size that the pool can hold. */
		split_and_check(chain(1 + test_below(&seed, 300),
				      most > 6000 || round % 2 == 0 ? 2048 : 30, &seed));
		pools_are_full();
	}
}

static void tunnelled_units(void **state)
{
	uint32_t seed = 11;

	for (int round = 0; round < 3000; round++) {
		uint32_t most = round % 8 == 0 ? 65535 : 6000;

		test_unit_tunnelled(&unit, most, &seed);
		split_and_check(chain(1 + test_below(&seed, 300),
				      most > 6000 || round % 2 == 0 ? 2048 : 30, &seed));
		pools_are_full();
	}
}

/* The same with the unit's mbufs in use by others, as after a flood. */
static void shared_units(void **state)
{
	static uint8_t copy[TEST_UNIT_MAX];
	uint32_t seed = 2;

	for (int round = 0; round < 300; round++) {
		struct rte_mbuf *m, *clone;

		test_unit_random(&unit, 20000, &seed);
		m = chain(200, 2048, &seed);
		clone = rte_pktmbuf_clone(m, data_pool);
		assert_non_null(clone);
		rte_pktmbuf_refcnt_update(m, 1);
		split_and_check(clone);
		split_and_check(m);
		assert_memory_equal(rte_pktmbuf_read(m, 0, unit.len, copy), unit.bytes, unit.len);
		rte_pktmbuf_free(m);
		pools_are_full();
	}
}

static void most_frames(void **state)
{
	uint32_t seed = 3;

	unit = (struct test_unit){.segsz = PKT_SEGSZ_MIN, .payload = 65535 - 40, .tags = 4};
	test_unit_build(&unit, &seed);
	split_and_check(chain(2048, 2048, &seed));
	unit = (struct test_unit){
		.segsz = PKT_SEGSZ_MIN, .payload = 65535 - 8, .ipv6 = true, .udp = true};
	test_unit_build(&unit, &seed);
	split_and_check(chain(2048, 2048, &seed));
	pools_are_full();
}

/* Each refusal leaves the unit to the caller, as it was. */
static void no_room(void **state)
{
	static struct rte_mbuf *all[HEADER_MBUFS];
	uint32_t seed = 6;
	struct rte_mbuf *m, *clone;
	unsigned int need = 0;

	unit = (struct test_unit){.segsz = 100, .payload = 10000};
	test_unit_build(&unit, &seed);
	m = chain(2048, 2048, &seed);
	assert_int_equal(tso_split(m, header_pool, frames, 99), -ENOSPC);

	/* What a copy of the unit took is what this one needs. */
	clone = rte_pktmbuf_clone(m, data_pool);
	assert_int_equal(tso_split(clone, header_pool, frames, 100), 100);
	for (int i = 0; i < 100; i++)
		need += frames[i]->nb_segs;
	rte_pktmbuf_free_bulk(frames, 100);
	assert_in_range(need, 200, 300);

	for (unsigned int left = 0; left < need; left++) {
		assert_int_equal(rte_pktmbuf_alloc_bulk(header_pool, all, HEADER_MBUFS - left), 0);
		assert_int_equal(tso_split(m, header_pool, frames, 100), -ENOMEM);
		assert_int_equal(rte_mempool_avail_count(header_pool), left);
		rte_pktmbuf_free_bulk(all, HEADER_MBUFS - left);
	}
	assert_int_equal(rte_pktmbuf_alloc_bulk(header_pool, all, HEADER_MBUFS - need), 0);
	split_and_check(m);
	rte_pktmbuf_free_bulk(all, HEADER_MBUFS - need);
	pools_are_full();
}

/* A pool whose mbufs do not hold these headers. */
static void small_headers(void **state)
{
	struct rte_mempool *small = test_pool("small", 255, 32);
	uint32_t seed = 7;
	struct rte_mbuf *m;

	unit = (struct test_unit){.segsz = 100, .payload = 3000};
	test_unit_build(&unit, &seed);
	m = chain(2048, 2048, &seed);
	assert_int_equal(tso_split(m, small, frames, PKT_FRAMES_MAX), -ENOMEM);
	assert_int_equal(rte_mempool_avail_count(small), 255);
	split_and_check(m);
	pools_are_full();
	rte_mempool_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_units),	 cmocka_unit_test(shared_units),
		cmocka_unit_test(most_frames),	 cmocka_unit_test(no_room),
		cmocka_unit_test(small_headers), cmocka_unit_test(tunnelled_units),
	};

	test_eal_init();
	data_pool = test_pool("data", DATA_MBUFS, 2048);
	header_pool = test_pool("header", HEADER_MBUFS, 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
