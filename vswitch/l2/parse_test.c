/* SPDX-License-Identifier: BSD-3-Clause */
/* The parse stage: which frames and which requests get past it. Headers: packet/parse_test.c. */
#include "vswitch/l2/test_l2.h"

#define TSO  RTE_MBUF_F_TX_TCP_SEG
#define USO  RTE_MBUF_F_TX_UDP_SEG
#define TCP  RTE_MBUF_F_TX_TCP_CKSUM
#define UDP  RTE_MBUF_F_TX_UDP_CKSUM
#define IP4  RTE_MBUF_F_TX_IPV4
#define IP6  RTE_MBUF_F_TX_IPV6
#define MINE (TSO | USO | RTE_MBUF_F_TX_L4_MASK | IP4 | IP6 | RTE_MBUF_F_TX_IP_CKSUM)

/* One packet with that request through the stage; NULL: dropped for that reason. */
static struct rte_mbuf *pass(uint64_t flags, uint16_t segsz, enum pkt_drop reason)
{
	uint64_t before = t.counters[1].drop[reason];
	struct rte_mbuf *m;

	for (uint16_t i = 0; i < t.b.n; i++)
		rte_pktmbuf_free(t.b.pkts[i]);
	t.b.n = 0;
	m = test_l2_add();
	m->ol_flags |= flags;
	m->tso_segsz = segsz;
	test_l2_run(&parse_stage, 1);
	assert_int_equal(t.counters[1].drop[reason] - before, t.b.n == 0);
	return t.b.n ? m : NULL;
}

static struct rte_mbuf *unit(uint8_t ip, uint8_t proto, uint32_t payload, uint64_t flags,
			     uint16_t segsz)
{
	t.frame.ip = ip;
	t.frame.proto = proto;
	t.frame.payload = payload;
	return pass(flags, segsz, PKT_DROP_BAD_OFFLOAD);
}

static void takes_units(void **state)
{
	static const struct {
		uint8_t ip, proto;
		uint64_t flags, want;
	} cases[] = {
		{4, 6, TSO | TCP, TSO | TCP | IP4},
		{6, 6, TSO | TCP, TSO | TCP | IP6},
		{4, 17, USO | UDP, USO | UDP | IP4},
		{6, 17, USO | UDP, USO | UDP | IP6},
		/* What a request says of the headers is not believed. */
		{6, 6, TSO | IP4 | RTE_MBUF_F_TX_IP_CKSUM, TSO | TCP | IP6},
		{4, 17, USO | TCP | IP6, USO | UDP | IP4},
	};

	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct rte_mbuf *m = unit(cases[i].ip, cases[i].proto, 9000, cases[i].flags, 1400);

		assert_non_null(m);
		assert_int_equal(m->ol_flags & MINE, cases[i].want);
		assert_int_equal(m->tso_segsz, 1400);
		assert_int_equal(m->l2_len, t.frame.l2_len);
		assert_int_equal(m->l3_len, t.frame.l3_len);
		assert_int_equal(m->l4_len, t.frame.l4_len);
	}
}

static void refuses_what_cannot_be_meant(void **state)
{
	assert_null(unit(4, 6, 9000, USO, 1400));
	assert_null(unit(4, 17, 9000, TSO, 1400));
	assert_null(unit(4, 6, 9000, TSO | USO, 1400));
	assert_null(unit(4, 1, 9000, TSO, 1400)); /* ICMP */
	assert_null(unit(4, 1, 100, TCP, 0));
	assert_null(unit(0, 0, 9000, TSO, 1400)); /* not IP */
	assert_null(unit(0, 0, 100, UDP, 0));
	assert_null(unit(4, 6, 9000, TSO, PKT_SEGSZ_MIN - 1));
	assert_null(unit(4, 6, 9000, TSO, 0));
	assert_null(unit(4, 6, 0, TSO, 1400)); /* no payload to cut */
	assert_int_equal(test_l2_drops(1, PKT_DROP_BAD_OFFLOAD), 10);
	assert_non_null(unit(4, 6, 9000, TSO, PKT_SEGSZ_MIN));
}

static void one_frames_worth_is_a_frame(void **state)
{
	assert_int_equal(unit(4, 6, 1400, TSO, 1400)->ol_flags & MINE, TCP | IP4);
	assert_int_equal(unit(4, 6, 1401, TSO, 1400)->ol_flags & MINE, TSO | TCP | IP4);
	assert_int_equal(unit(6, 17, 1, USO, 1400)->ol_flags & MINE, UDP | IP6);
}

static void settles_checksums(void **state)
{
	assert_int_equal(unit(4, 6, 100, TCP, 0)->ol_flags & MINE, TCP | IP4);
	assert_int_equal(unit(6, 17, 100, UDP, 0)->ol_flags & MINE, UDP | IP6);
	assert_int_equal(unit(4, 17, 100, TCP, 0)->ol_flags & MINE, UDP | IP4);
	assert_int_equal(unit(4, 6, 100, 0, 0)->ol_flags & MINE, 0);
}

/* An IP packet of 65535 bytes behind four tags is the longest there is. */
static void units_have_a_longest(void **state)
{
	uint32_t most = PKT_UNIT_MAX - 54;
	struct rte_mbuf *m, *tail;
	uint16_t more;

	for (uint32_t len = most - 1; len <= most + 1; len++) {
		t.frame.ip = 4;
		t.frame.payload = 65535 - 40;
		m = test_l2_add();
		/* What follows the IP packet is padding, which is part of the frame's length. */
		tail = rte_pktmbuf_lastseg(m);
		more = (uint16_t)(len - t.frame.payload);
		assert_in_range(more, 1, rte_pktmbuf_tailroom(tail));
		assert_non_null(rte_pktmbuf_append(m, more));
		m->ol_flags |= TSO;
		m->tso_segsz = 1400;
		test_l2_run(&parse_stage, 1);
		assert_int_equal(t.b.n, len <= most);
		if (t.b.n)
			rte_pktmbuf_free(m);
		t.b.n = 0;
	}
	assert_int_equal(test_l2_drops(1, PKT_DROP_BAD_OFFLOAD), 1);
}

/* Headers must lie in the first segment: a guest's ring puts them there. */
static void headers_must_be_together(void **state)
{
	uint32_t seed = 1;
	struct rte_mbuf *m;

	t.frame.ip = 4;
	t.frame.payload = 9000;
	test_frame_build(&t.frame);
	for (uint32_t first = 53; first <= 54; first++) {
		m = test_chain(t.w.data_pool, t.frame.bytes, t.frame.len, first, 2000, &seed);
		m->ol_flags |= TSO;
		m->tso_segsz = 1400;
		t.b.pkts[t.b.n++] = m;
	}
	test_l2_run(&parse_stage, 1);
	assert_int_equal(t.b.n, 1);
	assert_ptr_equal(t.b.pkts[0], m);
	assert_int_equal(test_l2_drops(1, PKT_DROP_BAD_OFFLOAD), 1);
}

static void tags_are_headers(void **state)
{
	struct rte_mbuf *m;

	t.frame.tags[0] = 0x88a80064;
	t.frame.tags[1] = 0x81000065;
	m = unit(6, 6, 9000, TSO, 1400);
	assert_non_null(m);
	assert_int_equal(m->l2_len, 22);
	assert_int_equal(m->l3_len, 40);
}

static void drops_runts(void **state)
{
	for (uint32_t len = 13; len <= 14; len++) {
		uint32_t seed = 1;

		t.b.pkts[t.b.n++] = test_chain(t.w.data_pool, t.frame.bytes, len, len, 1, &seed);
		/* Long enough, but not where the stages look. */
		t.b.pkts[t.b.n++] = test_chain(t.w.data_pool, t.frame.bytes, 100, len, 100, &seed);
	}
	test_l2_run(&parse_stage, 1);
	assert_int_equal(t.b.n, 2);
	assert_int_equal(test_l2_drops(1, PKT_DROP_RUNT), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(t.b.pkts[i]->data_len, 14);
		assert_int_equal(t.b.pkts[i]->l2_len, 14);
	}
}

/* A frame that asks for nothing is not looked into; one that does must have whole tags. */
static void cut_tags(void **state)
{
	struct rte_mbuf *m;

	t.frame.tags[0] = 0x81000064;
	for (int asks = 0; asks < 2; asks++) {
		m = test_l2_add();
		rte_pktmbuf_trim(m, m->pkt_len - 16);
		m->ol_flags |= asks ? TCP : 0;
	}
	test_l2_run(&parse_stage, 1);
	assert_int_equal(t.b.n, 1);
	assert_int_equal(t.b.pkts[0]->ol_flags & MINE, 0);
	assert_int_equal(test_l2_drops(1, PKT_DROP_BAD_VLAN), 1);
}

/* What stays keeps its order. */
static void keeps_the_order(void **state)
{
	struct rte_mbuf *kept[PKT_RX_MAX];
	uint16_t n = 0;

	for (int i = 0; i < PKT_RX_MAX; i++) {
		struct rte_mbuf *m = test_l2_add();

		if (i % 3 == 0)
			rte_pktmbuf_trim(m, m->pkt_len - 13);
		else
			kept[n++] = m;
	}
	test_l2_run(&parse_stage, 1);
	assert_int_equal(t.b.n, n);
	assert_memory_equal(t.b.pkts, kept, n * sizeof(kept[0]));
	assert_int_equal(test_l2_drops(1, PKT_DROP_RUNT), PKT_RX_MAX - n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_L2(takes_units),
		TEST_L2(refuses_what_cannot_be_meant),
		TEST_L2(one_frames_worth_is_a_frame),
		TEST_L2(settles_checksums),
		TEST_L2(units_have_a_longest),
		TEST_L2(headers_must_be_together),
		TEST_L2(tags_are_headers),
		TEST_L2(drops_runts),
		TEST_L2(cut_tags),
		TEST_L2(keeps_the_order),
	};

	test_l2_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
