/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of any stream: split(merge(x)) is x, byte for byte, and within a flow in its order. Streams are
 * made from fixed seeds: several flows interleaved, mostly as a sender would, with all that a
 * network or an odd sender does to single frames.
 */
#include "offload/tso_lro/lro_merge.h"

#include "offload/tso_lro/test_lro_stream.h"
#include "offload/tso_lro/tso_split.h"
#include "packet/burst.h"
#include "packet/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DATA_MBUFS = 4095, HEADER_MBUFS = 8191, ROUNDS = 1500, OUT_MAX = 64 * LRO_BURST_MAX };

static struct rte_mempool *data_pool, *header_pool;
static struct lro *lro;
static struct test_lro frames[LRO_BURST_MAX];
static struct rte_mbuf *pkts[LRO_BURST_MAX], *out[OUT_MAX];
static uint8_t flow_of[LRO_BURST_MAX];

/* The flow that the bytes' destination address names. */
static int flow_by_bytes(const uint8_t *bytes, uint32_t len)
{
	struct pkt_headers h;

	assert_int_equal(pkt_parse(bytes, len, len, &h), 0);
	assert_int_not_equal(h.ip_version, 0);
	return bytes[h.l2_len + (h.ip_version == 4 ? 19 : 39)] - 2;
}

/* The frames of a burst, in odd chains, some of them used by others too. */
static void give(struct test_stream *s, uint16_t n, struct rte_mbuf **held, uint16_t *n_held)
{
	*n_held = 0;
	for (uint16_t i = 0; i < n; i++) {
		bool odd = test_below(&s->seed, 20) == 0;
		uint32_t first = odd ? 15 + test_below(&s->seed, 150) : 2048;

		test_stream_next(s, &frames[i]);
		test_lro_build(&frames[i]);
		flow_of[i] = frames[i].flow;
		pkts[i] = test_chain(data_pool, frames[i].bytes, frames[i].len, first,
				     odd ? 300 : 2048, &s->seed);
		assert_non_null(pkts[i]);
		pkts[i]->vlan_tci = s->flows[frames[i].flow].vlan_tci;
		if (test_below(&s->seed, 50) != 0)
			continue;
		rte_pktmbuf_refcnt_update(pkts[i], 1);
		held[(*n_held)++] = pkts[i];
	}
}

/* What leaves, as frames. Returns how many; *units counts what was split. */
static uint16_t split_all(uint16_t n, uint32_t *units)
{
	uint16_t n_out = 0;

	for (uint16_t i = 0; i < n; i++) {
		const char *why;
		int made = 1;

		assert_int_equal(rte_mbuf_check(pkts[i], 1, &why), 0);
		if (pkts[i]->ol_flags & RTE_MBUF_F_TX_TCP_SEG) {
			made = tso_split(pkts[i], header_pool, &out[n_out], OUT_MAX - n_out);
			assert_in_range(made, 2, LRO_BURST_MAX);
			++*units;
		} else {
			assert_int_equal(pkts[i]->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK, 0);
			out[n_out] = pkts[i];
		}
		n_out += made;
	}
	return n_out;
}

/* The index of the flow's next frame, from `at` on. */
static uint16_t next_of(int flow, uint16_t at, uint16_t n)
{
	while (at < n && flow_of[at] != flow)
		at++;
	assert_in_range(at, 0, n - 1);
	return at;
}

/* Each flow's frames in out[0..n) are those that were given, in order. */
static void compare(const struct test_stream *s, uint16_t n)
{
	static uint8_t copy[TEST_LRO_MAX];
	uint16_t next[TEST_STREAM_FLOWS] = {0};

	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *bytes;
		uint16_t *at;
		int flow;

		assert_in_range(out[i]->pkt_len, 1, sizeof(copy));
		bytes = rte_pktmbuf_read(out[i], 0, out[i]->pkt_len, copy);
		flow = flow_by_bytes(bytes, out[i]->pkt_len);
		assert_in_range(flow, 0, s->n_flows - 1);
		at = &next[flow];
		*at = next_of(flow, *at, n);
		assert_int_equal(out[i]->pkt_len, frames[*at].len);
		assert_memory_equal(bytes, frames[*at].bytes, frames[*at].len);
		assert_int_equal(out[i]->vlan_tci, s->flows[flow].vlan_tci);
		++*at;
	}
}

static void round_trip(uint32_t seed, uint32_t *units, struct pkt_merge_counts *counts)
{
	static struct test_stream s;
	static struct rte_mbuf *held[LRO_BURST_MAX];

	test_stream_start(&s, seed);
	for (int burst = 0; burst < 3; burst++) {
		uint16_t n = 1 + test_below(&s.seed, 64), left, n_held, n_out;
		uint32_t made = 0;

		give(&s, n, held, &n_held);
		left = lro_merge(lro, LRO_REVERSIBLE, pkts, n, counts);
		n_out = split_all(left, &made);
		assert_int_equal(n_out, n);
		compare(&s, n);
		rte_pktmbuf_free_bulk(out, n_out);
		rte_pktmbuf_free_bulk(held, n_held);
		assert_int_equal(rte_mempool_avail_count(data_pool), DATA_MBUFS);
		assert_int_equal(rte_mempool_avail_count(header_pool), HEADER_MBUFS);
		*units += made;
	}
}

static void reversible(void **state)
{
	struct pkt_merge_counts counts = {0};
	uint64_t frames_merged = 0;
	uint32_t units = 0;

	for (uint32_t seed = 1; seed <= ROUNDS; seed++)
		round_trip(seed * 2654435761u | 1, &units, &counts);
	/* The streams are such that there is something to see: every way to end is taken. */
	assert_int_equal(counts.units, units);
	for (int i = 0; i < PKT_MERGE_SIZE_MAX; i++)
		frames_merged += counts.frames[i];
	assert_true(frames_merged > counts.looked / 4);
	for (int i = 0; i < PKT_MERGE_END_MAX; i++)
		if (i != PKT_MERGE_SEGMENTS && i != PKT_MERGE_INTENT)
			assert_true(counts.ended[i] > 0);
}

/* A unit holds the bytes of the next frames of its flow, whole. Returns where they end. */
static uint16_t same_bytes(const struct rte_mbuf *m, const uint8_t *bytes, int flow, uint16_t at,
			   uint16_t n)
{
	uint32_t hdr = m->l2_len + m->l3_len + m->l4_len, to = m->pkt_len;

	while (hdr < to) {
		at = next_of(flow, at, n);
		for (uint32_t i = 0; i < frames[at].payload; i++)
			assert_int_equal(bytes[hdr + i], test_lro_byte(frames[at].seq + i, flow));
		hdr += frames[at++].payload;
	}
	assert_int_equal(hdr, to);
	return at;
}

/* With rsc, what a receiver has of each flow is the same: every byte, once, in the same order; and
 * what is not merged, as it was. */
static void rsc_bytes(void **state)
{
	static struct test_stream s;
	static struct rte_mbuf *held[LRO_BURST_MAX];
	static uint8_t copy[PKT_UNIT_MAX];
	struct pkt_merge_counts counts = {0};

	for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
		uint16_t at[TEST_STREAM_FLOWS] = {0};
		uint16_t n, left, n_held;

		test_stream_start(&s, seed * 40503u | 1);
		n = 1 + test_below(&s.seed, 64);
		give(&s, n, held, &n_held);
		left = lro_merge(lro, LRO_RSC, pkts, n, &counts);
		for (uint16_t i = 0; i < left; i++) {
			struct rte_mbuf *m = pkts[i];
			const uint8_t *bytes = rte_pktmbuf_read(m, 0, m->pkt_len, copy);
			int flow = flow_by_bytes(bytes, m->pkt_len);

			assert_in_range(flow, 0, s.n_flows - 1);
			if (m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM) {
				at[flow] = same_bytes(m, bytes, flow, at[flow], n);
				continue;
			}
			at[flow] = next_of(flow, at[flow], n);
			assert_int_equal(m->pkt_len, frames[at[flow]].len);
			assert_memory_equal(bytes, frames[at[flow]++].bytes, m->pkt_len);
		}
		for (int flow = 0; flow < s.n_flows; flow++)
			while (at[flow] < n)
				assert_int_not_equal(flow_of[at[flow]++], flow);
		rte_pktmbuf_free_bulk(pkts, left);
		rte_pktmbuf_free_bulk(held, n_held);
		assert_int_equal(rte_mempool_avail_count(data_pool), DATA_MBUFS);
	}
	assert_true(counts.units > ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reversible),
		cmocka_unit_test(rsc_bytes),
	};

	test_eal_init();
	data_pool = test_pool("data", DATA_MBUFS, 2048);
	header_pool = test_pool("header", HEADER_MBUFS, 256);
	lro = lro_new();
	if (lro == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
