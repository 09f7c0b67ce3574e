/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of lro_merge() share: a burst of frames of one flow, and checks of what it became.
 */
#ifndef OFFLOAD_TSO_LRO_TEST_MERGE_H
#define OFFLOAD_TSO_LRO_TEST_MERGE_H

#include "offload/tso_lro/lro_merge.h"

#include "offload/tso_lro/lro_flow.h"
#include "offload/tso_lro/test_lro.h"
#include "offload/tso_lro/tso_split.h"
#include "packet/burst.h"
#include "packet/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MBUFS = 1023, PAYLOAD = 1000 };

static struct rte_mempool *data_pool, *header_pool;
static struct lro *lro;
static struct pkt_merge_counts counts;
static struct rte_mbuf *pkts[LRO_BURST_MAX], *given[LRO_BURST_MAX];
static struct test_lro frames[LRO_BURST_MAX];
static uint16_t n_given;

/* Frames of one flow that follow each other. */
static inline struct test_lro *stream(uint16_t n, bool ipv6)
{
	memset(frames, 0, n * sizeof(frames[0]));
	for (uint16_t i = 0; i < n; i++) {
		frames[i].ipv6 = ipv6;
		frames[i].id = 7 + i;
		frames[i].seq = 1000000 + i * PAYLOAD;
		frames[i].ack = 555;
		frames[i].window = 4000;
		frames[i].timestamps = 1;
		frames[i].ts = 90;
		frames[i].ts_echo = 80;
		frames[i].payload = PAYLOAD;
	}
	return frames;
}

static inline void give(uint16_t n)
{
	uint32_t seed = 1;

	n_given = n;
	for (uint16_t i = 0; i < n; i++) {
		test_lro_build(&frames[i]);
		given[i] = pkts[i] =
			test_chain(data_pool, frames[i].bytes, frames[i].len, 2048, 2048, &seed);
		assert_non_null(pkts[i]);
	}
}

static inline uint16_t merge(enum lro_mode mode)
{
	memset(&counts, 0, sizeof(counts));
	return lro_merge(lro, mode, pkts, n_given, &counts);
}

static inline void free_all(uint16_t left)
{
	rte_pktmbuf_free_bulk(pkts, left);
	assert_int_equal(rte_mempool_avail_count(data_pool), MBUFS);
	assert_int_equal(rte_mempool_avail_count(header_pool), MBUFS);
}

/* m is the frame, with nothing of its mbuf changed. */
static inline void is_frame(const struct rte_mbuf *m, const struct test_lro *f)
{
	uint8_t copy[TEST_LRO_MAX];

	assert_int_equal(m->pkt_len, f->len);
	assert_memory_equal(rte_pktmbuf_read(m, 0, f->len, copy), f->bytes, f->len);
	assert_int_equal(m->ol_flags & (RTE_MBUF_F_TX_OFFLOAD_MASK | PKT_FIXED_ID), 0);
}

/* m is a unit of the frames [from, from + n), and splits into them. */
static inline void is_unit(struct rte_mbuf *m, uint16_t from, uint16_t n)
{
	const struct test_lro *f = &frames[from];
	struct rte_mbuf *out[LRO_BURST_MAX], *copy;
	uint32_t payload = 0;
	const char *why;

	for (uint16_t i = 0; i < n; i++)
		payload += f[i].payload;
	assert_int_equal(rte_mbuf_check(m, 1, &why), 0);
	assert_int_equal(m->pkt_len, f->l2_len + f->l3_len + f->l4_len + payload);
	assert_int_equal(m->l2_len, f->l2_len);
	assert_int_equal(m->l3_len, f->l3_len);
	assert_int_equal(m->l4_len, f->l4_len);
	assert_int_equal(m->tso_segsz, f->payload);
	assert_int_equal(m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK,
			 RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_TCP_CKSUM |
				 (f->ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4));
	copy = rte_pktmbuf_copy(m, data_pool, 0, UINT32_MAX);
	assert_non_null(copy);
	assert_int_equal(tso_split(copy, header_pool, out, LRO_BURST_MAX), n);
	for (uint16_t i = 0; i < n; i++)
		is_frame(out[i], &f[i]);
	rte_pktmbuf_free_bulk(out, n);
}

/* The second of three does not fit the first, for the reason `why`. The third fits the second where
 * `resumes`, because it has what the second has. */
static inline void second_differs(enum lro_mode mode, enum pkt_merge_end why, bool resumes)
{
	give(3);
	assert_int_equal(merge(mode), resumes ? 2 : 3);
	is_frame(pkts[0], &frames[0]);
	if (resumes)
		is_unit(pkts[1], 1, 2);
	else
		is_frame(pkts[1], &frames[1]);
	assert_int_equal(counts.ended[why], 1);
	free_all(resumes ? 2 : 3);
}

#define DIFFERS(mode, v6, why, field, value)     \
	do {                                     \
		stream(3, v6);                   \
		frames[1].field = value;         \
		frames[2].field = value;         \
		second_differs(mode, why, true); \
	} while (0)

static inline void one_unit(enum lro_mode mode, bool ipv6)
{
	give(3);
	assert_int_equal(merge(mode), 1);
	is_unit(pkts[0], 0, 3);
	free_all(1);
}

static inline int test_merge_start(void)
{
	test_eal_init();
	data_pool = test_pool("data", MBUFS, 2048);
	header_pool = test_pool("header", MBUFS, 256);
	lro = lro_new();
	return lro == NULL;
}

#endif
