/* SPDX-License-Identifier: BSD-3-Clause */
/* vlan_in and vlan_out: a frame gets its VLAN at the way in, and its tag at the way out. */
#include "vswitch/l2/test_l2.h"

enum { ACCESS = 1, TRUNK = 2, NO_NATIVE = 3 };

static void ports(void)
{
	test_l2_port(ACCESS, 10, 10, 10);
	test_l2_port(TRUNK, 10, 10, 20);
	test_l2_port(NO_NATIVE, 0, 10, 20);
}

/* One frame with that tag (0: none) into the port; what it becomes, or NULL: dropped for that. */
static struct rte_mbuf *into(uint16_t port, uint32_t tag, enum pkt_drop reason)
{
	uint64_t before = t.counters[port].drop[reason];

	for (uint16_t i = 0; i < t.b.n; i++)
		rte_pktmbuf_free(t.b.pkts[i]);
	t.b.n = 0;
	t.frame.ip = 4;
	t.frame.payload = 100;
	t.frame.tags[0] = tag;
	test_l2_add()->port = port;
	test_l2_run(&parse_stage, port);
	test_l2_run(&vlan_in_stage, port);
	assert_int_equal(t.counters[port].drop[reason] - before, t.b.n == 0);
	return t.b.n ? t.b.pkts[0] : NULL;
}

/* m is t.frame as it would be without its outer tag. */
static void is_untagged_frame(const struct rte_mbuf *m)
{
	t.frame.tags[0] = 0;
	test_frame_build(&t.frame);
	assert_true(test_same_bytes(m, t.frame.bytes, t.frame.len));
}

static void untagged(void **state)
{
	struct rte_mbuf *m;

	ports();
	m = into(ACCESS, 0, PKT_DROP_NONE);
	assert_int_equal(m->vlan_tci, 10);
	is_untagged_frame(m);
	assert_int_equal(into(TRUNK, 0, PKT_DROP_NONE)->vlan_tci, 10);
	assert_null(into(NO_NATIVE, 0, PKT_DROP_VLAN_UNTAGGED));
}

static void tagged(void **state)
{
	struct rte_mbuf *m;

	ports();
	m = into(TRUNK, 0x8100a014, PKT_DROP_NONE); /* priority 5, VLAN 20 */
	assert_int_equal(m->vlan_tci, 0xa014);
	assert_int_equal(m->l2_len, 14);
	is_untagged_frame(m);
	assert_int_equal(into(ACCESS, 0x8100000a, PKT_DROP_NONE)->vlan_tci, 10);
	assert_int_equal(into(NO_NATIVE, 0x8100000b, PKT_DROP_NONE)->vlan_tci, 11);
	assert_null(into(ACCESS, 0x8100000b, PKT_DROP_VLAN_IN));
	assert_null(into(TRUNK, 0x81000015, PKT_DROP_VLAN_IN));
	assert_null(into(TRUNK, 0x81000fff, PKT_DROP_VLAN_IN));
	assert_int_equal(test_l2_drops(TRUNK, PKT_DROP_VLAN_IN), 2);
}

static void priority_tagged(void **state)
{
	struct rte_mbuf *m;

	ports();
	m = into(TRUNK, 0x8100e000, PKT_DROP_NONE);
	assert_int_equal(m->vlan_tci, 0xe00a);
	is_untagged_frame(m);
	assert_int_equal(into(ACCESS, 0x81001000, PKT_DROP_NONE)->vlan_tci, 0x100a); /* DEI */
	assert_null(into(NO_NATIVE, 0x8100e000, PKT_DROP_VLAN_UNTAGGED));
}

static void tag_cut_off(void **state)
{
	struct rte_mbuf *m;

	ports();
	t.frame.tags[0] = 0x8100000a;
	for (uint16_t len = 14; len <= 18; len++) {
		m = test_l2_add();
		rte_pktmbuf_trim(m, m->pkt_len - len);
	}
	test_l2_run(&parse_stage, TRUNK);
	test_l2_run(&vlan_in_stage, TRUNK);
	assert_int_equal(t.b.n, 1);
	assert_int_equal(t.b.pkts[0]->data_len, 14);
	assert_int_equal(test_l2_drops(TRUNK, PKT_DROP_BAD_VLAN), 4);
}

static void service_tag_is_payload(void **state)
{
	struct rte_mbuf *m;

	ports();
	t.frame.tags[1] = 0x8100000b;
	m = into(ACCESS, 0x88a80014, PKT_DROP_NONE);
	assert_int_equal(m->vlan_tci, 10);
	assert_true(test_same_bytes(m, t.frame.bytes, t.frame.len));
	/* And within a customer tag it stays where it was. */
	t.frame.tags[1] = 0x88a80014;
	m = into(TRUNK, 0x8100000b, PKT_DROP_NONE);
	assert_int_equal(m->vlan_tci, 11);
	is_untagged_frame(m);
	assert_int_equal(t.frame.l2_len, 18);
}

/* With an offload request the headers' lengths are known, and go on being right. */
static void lengths_follow_the_tag(void **state)
{
	struct rte_mbuf *m;

	ports();
	t.frame.ip = 4;
	t.frame.payload = 1800;
	t.frame.tags[0] = 0x8100000b;
	t.frame.tags[1] = 0x81000063;
	m = test_l2_add();
	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	m->tso_segsz = 500;
	test_l2_run(&parse_stage, TRUNK);
	assert_int_equal(m->l2_len, 22);
	test_l2_run(&vlan_in_stage, TRUNK);
	assert_int_equal(t.b.n, 1);
	assert_int_equal(m->l2_len, 18);
	test_l2_run(&vlan_out_stage, ACCESS);
	assert_int_equal(t.b.pkts[0]->l2_len, 22);
	assert_int_equal(t.b.pkts[0]->l3_len, 20);
	t.frame.tags[0] = 0x8100000b;
	test_frame_build(&t.frame);
	assert_true(test_same_bytes(t.b.pkts[0], t.frame.bytes, t.frame.len));
}

static void tags_its_own_in_place(void **state)
{
	struct rte_mbuf *m;

	ports();
	m = into(TRUNK, 0x8100b00b, PKT_DROP_NONE);
	test_l2_run(&vlan_out_stage, ACCESS);
	assert_ptr_equal(t.b.pkts[0], m);
	assert_int_equal(m->l2_len, 18);
	assert_true(test_same_bytes(m, t.frame.bytes, t.frame.len)); /* priority and all */
}

static void native_vlan_leaves_untagged(void **state)
{
	struct rte_mbuf *m;

	ports();
	m = into(TRUNK, 0x8100e00a, PKT_DROP_NONE); /* a priority does not make a tag */
	test_l2_run(&vlan_out_stage, ACCESS);
	assert_ptr_equal(t.b.pkts[0], m);
	is_untagged_frame(m);
	/* A port without native VLAN tags all. */
	test_l2_run(&vlan_out_stage, NO_NATIVE);
	t.frame.tags[0] = 0x8100e00a;
	test_frame_build(&t.frame);
	assert_true(test_same_bytes(t.b.pkts[0], t.frame.bytes, t.frame.len));
}

static void tags_a_copy_of_what_is_shared(void **state)
{
	struct rte_mbuf *m;

	ports();
	m = into(TRUNK, 0x8100700b, PKT_DROP_NONE);
	rte_pktmbuf_refcnt_update(m, 1);
	test_l2_run(&vlan_out_stage, ACCESS);
	assert_ptr_not_equal(t.b.pkts[0], m);
	assert_int_equal(t.b.pkts[0]->port, TRUNK);
	assert_true(test_same_bytes(t.b.pkts[0], t.frame.bytes, t.frame.len));
	/* The other port's copy is as it was, and carries the same payload. */
	assert_int_equal(rte_mbuf_refcnt_read(m), 2);
	is_untagged_frame(m);
	rte_pktmbuf_free(m);
}

static void no_mbuf_for_the_tag(void **state)
{
	static struct rte_mbuf *all[TEST_HEADER_MBUFS];
	struct rte_mbuf *m;

	ports();
	m = into(TRUNK, 0x8100000b, PKT_DROP_NONE);
	rte_pktmbuf_refcnt_update(m, 1);
	assert_int_equal(rte_pktmbuf_alloc_bulk(t.w.header_pool, all, RTE_DIM(all)), 0);
	test_l2_run(&vlan_out_stage, ACCESS);
	rte_pktmbuf_free_bulk(all, RTE_DIM(all));
	assert_int_equal(t.b.n, 0);
	assert_int_equal(test_l2_drops(ACCESS, PKT_DROP_NO_MBUF), 1);
	is_untagged_frame(m);
	rte_pktmbuf_free(m);
	/* Nor is there a place where a port left no headroom. */
	m = into(TRUNK, 0x8100000b, PKT_DROP_NONE);
	assert_non_null(rte_pktmbuf_prepend(m, rte_pktmbuf_headroom(m)));
	test_l2_run(&vlan_out_stage, ACCESS);
	assert_int_equal(t.b.n, 0);
	assert_int_equal(test_l2_drops(ACCESS, PKT_DROP_NO_MBUF), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_L2(untagged),
		TEST_L2(tagged),
		TEST_L2(priority_tagged),
		TEST_L2(tag_cut_off),
		TEST_L2(service_tag_is_payload),
		TEST_L2(lengths_follow_the_tag),
		TEST_L2(tags_its_own_in_place),
		TEST_L2(native_vlan_leaves_untagged),
		TEST_L2(tags_a_copy_of_what_is_shared),
		TEST_L2(no_mbuf_for_the_tag),
	};

	test_l2_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
