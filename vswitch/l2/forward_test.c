/* SPDX-License-Identifier: BSD-3-Clause */
/* policy, learn, lookup and flood: which ports a frame reaches. */
#include "vswitch/l2/test_l2.h"

/* A frame of the VLAN, as it comes out of vlan_in. */
static struct rte_mbuf *add(uint8_t dst, uint8_t src, uint16_t vlan)
{
	struct rte_mbuf *m;

	t.frame.dst = dst;
	t.frame.src = src;
	t.frame.payload = 100;
	m = test_l2_add();
	m->vlan_tci = vlan;
	m->l2_len = t.frame.l2_len;
	return m;
}

static uint8_t *bytes(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, uint8_t *);
}

/* What the port's queue holds is exactly this packet. */
static void is_out(uint16_t port, const struct rte_mbuf *m)
{
	assert_int_equal(t.out[port].n, 1);
	assert_ptr_equal(t.out[port].pkts[0], m);
}

static uint64_t key(uint8_t last, uint16_t vlan)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last};

	return fdb_key(mac, vlan);
}

static struct fdb *fdb(void)
{
	return t.fwd.bridges[0].fdb;
}

static void drops_bad_sources(void **state)
{
	test_l2_port(1, 1, 1, 1);
	bytes(add(2, 1, 1))[6] |= 1;		  /* a group */
	memset(bytes(add(2, 1, 1)) + 6, 0, 6);	  /* zero */
	memset(bytes(add(2, 1, 1)) + 6, 0xff, 6); /* broadcast */
	bytes(add(2, 0, 1))[6] = 0x04;		  /* four zero octets make no zero address */
	memset(bytes(add(2, 7, 1)) + 6, 0, 5);
	test_l2_run(&policy_stage, 1);
	assert_int_equal(t.b.n, 2);
	assert_int_equal(bytes(t.b.pkts[0])[6], 4);
	assert_int_equal(bytes(t.b.pkts[1])[11], 7);
	assert_int_equal(test_l2_drops(1, PKT_DROP_BAD_SOURCE), 3);
}

static void keeps_the_mtu(void **state)
{
	struct rte_mbuf *m;

	test_l2_port(1, 1, 1, 1)->mtu = 100;
	add(2, 1, 1);
	t.fwd.ports[1].mtu = 99;
	test_l2_run(&policy_stage, 1);
	assert_int_equal(t.b.n, 0);
	assert_int_equal(t.counters[1].mtu_in_size, 100);
	assert_int_equal(t.counters[1].mtu_in_limit, 99);
	/* Of a unit the segments count. */
	t.fwd.ports[1].mtu = 100;
	add(2, 1, 1);
	for (uint16_t segsz = 60; segsz <= 61; segsz++) {
		m = add(2, 1, 1);
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		m->tso_segsz = segsz;
		m->l3_len = m->l4_len = 20;
	}
	test_l2_run(&policy_stage, 1);
	assert_int_equal(t.b.n, 2);
	assert_int_equal(t.counters[1].mtu_in_size, 101);
	assert_int_equal(test_l2_drops(1, PKT_DROP_MTU_IN), 2);
}

/* The addresses from ...:00 to ...:0f, and nothing beside them. */
static void link_local(void **state)
{
	test_l2_port(1, 1, 1, 1);
	for (int forward = 0; forward < 2; forward++) {
		t.fwd.bridges[0].link_local = forward;
		for (int last = 0x0e; last <= 0x11; last++) {
			memcpy(bytes(add(2, 1, 1)), "\x01\x80\xc2\0\0", 5);
			bytes(t.b.pkts[t.b.n - 1])[5] = (uint8_t)last;
		}
		memcpy(bytes(add(2, 1, 1)), "\x01\x80\xc2\0\x01\0", 6);
		memcpy(bytes(add(2, 1, 1)), "\x03\x80\xc2\0\0\0", 6);
		test_l2_run(&policy_stage, 1);
		assert_int_equal(t.b.n, forward ? 4 + 6 : 4);
		assert_int_equal(test_l2_drops(1, PKT_DROP_LINK_LOCAL), 2);
	}
	assert_int_equal(bytes(t.b.pkts[0])[5], 0x10);
}

static void learns(void **state)
{
	test_l2_port(1, 1, 1, 10);
	test_l2_port(2, 1, 1, 10);
	add(9, 5, 3);
	add(9, 5, 3);
	add(9, 5, 4);
	add(9, 6, 0xe003); /* priority is no part of the VLAN */
	test_l2_run(&learn_stage, 1);
	assert_int_equal(t.b.n, 4);
	assert_int_equal(t.counters[1].fdb_learned, 3);
	assert_int_equal(fdb_lookup(fdb(), key(5, 3)), 1);
	assert_int_equal(fdb_lookup(fdb(), key(5, 4)), 1);
	assert_int_equal(fdb_lookup(fdb(), key(6, 3)), 1);
	test_l2_run(&learn_stage, 2);
	assert_int_equal(t.counters[2].fdb_moved, 3);
	assert_int_equal(t.counters[1].fdb_moved, 0);
	assert_int_equal(fdb_lookup(fdb(), key(5, 4)), 2);
	/* At the time the worker says it is. */
	assert_int_equal(fdb_forget(fdb(),
				    &(struct fdb_match){.port = -1, .vlan = -1, .unseen = TEST_NOW},
				    &(uint32_t){0}, UINT32_MAX),
			 0);
	assert_int_equal(
		fdb_forget(fdb(),
			   &(struct fdb_match){.port = -1, .vlan = -1, .unseen = TEST_NOW + 1},
			   &(uint32_t){0}, UINT32_MAX),
		3);
}

static void learns_no_more_than_it_may(void **state)
{
	test_l2_port(1, 1, 1, 10)->learn_limit = 2;
	for (uint8_t i = 1; i <= 4; i++)
		add(9, i, 1);
	test_l2_run(&learn_stage, 1);
	assert_int_equal(t.b.n, 4); /* not learned is not dropped */
	assert_int_equal(t.counters[1].fdb_learned, 2);
	assert_int_equal(t.counters[1].fdb_limit, 2);
	assert_int_equal(fdb_port_count(fdb(), 1), 2);
	/* And no more than fits. */
	test_l2_port(2, 1, 1, 10);
	for (uint16_t i = 0; fdb_count(fdb()) < 1024; i++)
		assert_int_equal(fdb_pin(fdb(), key((uint8_t)i, 2 + i / 256), 1, 1), 0);
	test_l2_run(&learn_stage, 2);
	assert_int_equal(t.counters[2].fdb_full, 2);
	assert_int_equal(t.counters[2].fdb_moved, 2);
	assert_int_equal(t.b.n, 4);
}

static void a_pinned_address_cannot_be_taken(void **state)
{
	test_l2_port(1, 1, 1, 10);
	test_l2_port(2, 1, 1, 10);
	fdb_pin(fdb(), key(5, 1), 2, 1);
	add(9, 5, 1);
	add(9, 5, 1); /* in a row: each is dropped */
	add(9, 5, 2); /* another VLAN, another address */
	test_l2_run(&learn_stage, 1);
	assert_int_equal(t.b.n, 1);
	assert_int_equal(test_l2_drops(1, PKT_DROP_STATIC_MOVED), 2);
	add(9, 5, 1);
	test_l2_run(&learn_stage, 2);
	assert_int_equal(t.b.n, 2);
	assert_int_equal(test_l2_drops(2, PKT_DROP_NONE), 0);
}

static void finds_ports(void **state)
{
	struct rte_mbuf *one, *two, *unknown, *group;

	for (uint16_t p = 1; p <= 3; p++)
		test_l2_port(p, 1, 1, 10);
	fdb_pin(fdb(), key(2, 1), 2, 1);
	fdb_pin(fdb(), key(3, 5), 3, 1);
	one = add(2, 1, 1);
	two = add(3, 1, 0x6005);
	unknown = add(3, 1, 1); /* known in another VLAN only */
	group = add(2, 1, 1);
	memset(bytes(group), 0xff, 6);
	test_l2_run(&lookup_stage, 1);
	is_out(2, one);
	is_out(3, two);
	assert_int_equal(t.b.n, 2);
	assert_ptr_equal(t.b.pkts[0], unknown);
	assert_ptr_equal(t.b.pkts[1], group);
	assert_int_equal(t.w.n_dirty, 2);
	assert_int_equal(t.dirty[0], 2);
	assert_int_equal(t.dirty[1], 3);
}

/* A group address is flooded even when somebody managed to enter it. */
static void groups_are_not_looked_up(void **state)
{
	const uint8_t group[6] = {0x33, 0x33, 0, 0, 0, 1};

	test_l2_port(1, 1, 1, 10);
	test_l2_port(2, 1, 1, 10);
	fdb_pin(fdb(), fdb_key(group, 1), 2, 1);
	memcpy(bytes(add(2, 1, 1)), group, 6);
	test_l2_run(&lookup_stage, 1);
	assert_int_equal(t.b.n, 1);
	assert_int_equal(t.out[2].n, 0);
}

static void may_not_leave(void **state)
{
	test_l2_port(1, 1, 1, 10)->isolated = true;
	test_l2_port(2, 1, 1, 10)->isolated = true;
	test_l2_port(3, 1, 1, 4);
	test_l2_port(4, 1, 1, 10);
	for (uint8_t i = 1; i <= 4; i++)
		fdb_pin(fdb(), key(i, 5), i, 1);
	fdb_pin(fdb(), key(5, 5), 5, 1); /* a port these tables do not have yet */
	for (uint8_t i = 1; i <= 5; i++)
		add(i, 9, 5);
	test_l2_run(&lookup_stage, 1);
	assert_int_equal(t.counters[1].drop[PKT_DROP_SAME_PORT], 1);
	assert_int_equal(t.counters[1].drop[PKT_DROP_ISOLATED], 1);
	assert_int_equal(t.counters[1].drop[PKT_DROP_VLAN_OUT], 1);
	assert_int_equal(t.out[4].n, 1);
	assert_int_equal(t.b.n, 1); /* flooded, as if not known */
	/* From a port that is not isolated all are reached. */
	for (uint8_t i = 1; i <= 2; i++)
		add(i, 9, 5);
	test_l2_run(&lookup_stage, 4);
	assert_int_equal(t.out[1].n + t.out[2].n, 2);
}

static void floods_to_the_others(void **state)
{
	struct rte_mbuf *m;

	test_l2_port(1, 1, 1, 10);
	test_l2_port(2, 1, 1, 10);
	test_l2_port(3, 1, 1, 4);
	test_l2_port(4, 1, 5, 5);
	m = add(9, 1, 0xe005); /* priority is no part of the VLAN */
	test_l2_run(&flood_stage, 1);
	assert_int_equal(t.b.n, 0);
	is_out(2, m);
	is_out(4, m);
	assert_int_equal(t.out[1].n + t.out[3].n, 0);
	assert_int_equal(rte_mbuf_refcnt_read(m), 2);
	assert_int_equal(t.counters[1].flooded, 1);
}

static void floods_past_isolated(void **state)
{
	struct rte_mbuf *m;

	test_l2_port(1, 1, 1, 10)->isolated = true;
	test_l2_port(2, 1, 1, 10)->isolated = true;
	test_l2_port(3, 1, 1, 10);
	m = add(9, 1, 5);
	test_l2_run(&flood_stage, 1);
	is_out(3, m);
	assert_int_equal(t.out[2].n, 0);
	assert_int_equal(rte_mbuf_refcnt_read(m), 1);
}

/* Of a chain, each segment is kept for all receivers. */
static void floods_long_frames(void **state)
{
	struct rte_mbuf *m;

	for (uint16_t p = 1; p < TEST_PORTS; p++)
		test_l2_port(p, 1, 1, 10);
	t.frame.ip = 4;
	t.frame.payload = 9000;
	m = test_l2_add();
	m->vlan_tci = 5;
	assert_true(m->nb_segs > 4);
	test_l2_run(&flood_stage, 1);
	for (uint16_t p = 2; p < TEST_PORTS; p++) {
		is_out(p, m);
		assert_true(test_same_bytes(m, t.frame.bytes, t.frame.len));
		rte_pktmbuf_free(m);
		t.out[p].n = 0;
		assert_int_equal(rte_mempool_avail_count(t.w.data_pool) == TEST_DATA_MBUFS,
				 p == TEST_PORTS - 1);
	}
}

static void nobody_to_flood_to(void **state)
{
	test_l2_port(1, 1, 1, 10);
	test_l2_port(2, 1, 1, 4);
	add(9, 1, 5);
	test_l2_run(&flood_stage, 1);
	assert_int_equal(t.b.n, 0);
	assert_int_equal(test_l2_drops(1, PKT_DROP_NO_MEMBER), 1);
	assert_int_equal(rte_mempool_avail_count(t.w.data_pool), TEST_DATA_MBUFS);
}

/* Members of another bridge hear nothing. */
static void bridges_are_apart(void **state)
{
	struct rte_mbuf *m;

	test_l2_port(1, 1, 1, 10);
	test_l2_port(2, 1, 1, 10);
	test_l2_port(3, 1, 1, 10)->bridge = 1;
	t.fwd.bridges[0].n_members = 2;
	t.fwd.bridges[1] =
		(struct fwd_bridge){.fdb = fdb_new(1024), .n_members = 1, .members = {3}};
	m = add(9, 1, 5);
	test_l2_run(&learn_stage, 1);
	test_l2_run(&flood_stage, 1);
	is_out(2, m);
	assert_int_equal(t.out[3].n, 0);
	assert_int_equal(fdb_lookup(t.fwd.bridges[1].fdb, key(1, 5)), FDB_NO_PORT);
	fdb_free(t.fwd.bridges[1].fdb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_L2(drops_bad_sources),
		TEST_L2(keeps_the_mtu),
		TEST_L2(link_local),
		TEST_L2(learns),
		TEST_L2(learns_no_more_than_it_may),
		TEST_L2(a_pinned_address_cannot_be_taken),
		TEST_L2(finds_ports),
		TEST_L2(groups_are_not_looked_up),
		TEST_L2(may_not_leave),
		TEST_L2(floods_to_the_others),
		TEST_L2(floods_past_isolated),
		TEST_L2(floods_long_frames),
		TEST_L2(nobody_to_flood_to),
		TEST_L2(bridges_are_apart),
	};

	test_l2_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
