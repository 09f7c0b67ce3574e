/* SPDX-License-Identifier: BSD-3-Clause */
/* What is found, what is kept, and who is woken. */
#include "offload/chimney/steer/test_flow.h"

static void keeps_the_limits(void **state)
{
	struct flow_counts c;
	struct flow *f = hold();

	for (uint32_t i = 1; i <= 12; i++)
		assert_true(offer(0, packet(i)));
	flow_counts(f, &c);
	assert_int_equal(c.held, 8);
	assert_int_equal(c.dropped, 4);
	assert_int_equal(s.counters[PORT].drop[PKT_DROP_HELD], 4);
	flow_release(f, NULL, NULL);
	poll(0);
	is_order(s.sent, s.n_sent, 1, 8);
	/* Again, after the first has gone: bytes. */
	for (int i = 0; i < 3; i++)
		flow_reap(s.t);
	f = hold();
	for (int i = 0; i < 3; i++) {
		struct rte_mbuf *m = packet(1);

		rte_pktmbuf_append(m, 1300);
		assert_true(offer(0, m));
	}
	assert_int_equal(held(f), 2);
}

static void frees_nothing(struct rte_mbuf_ext_shared_info *info)
{
	rte_mbuf_ext_refcnt_set(info, 1);
}

/* What is held must not lie in memory of a port's: neither a tail nor an external mbuf. */
static void copies_what_is_borrowed(void **state)
{
	static uint8_t memory[1000];
	static struct rte_mbuf_ext_shared_info owner, other;
	struct pkt_piece piece = {.at = memory, .len = 500};
	const struct pkt_tail tail = {.pieces = &piece, .n = 1, .len = 500, .owner = &owner};
	struct rte_mbuf *m = packet(1), *ext;
	struct flow *f = hold();

	frees_nothing(&owner);
	frees_nothing(&other);
	m->pkt_len += 500;
	pkt_tail_set(m, &tail);
	assert_true(offer(0, m));
	m = packet(2);
	ext = rte_pktmbuf_alloc(s.header);
	rte_pktmbuf_attach_extbuf(ext, memory, RTE_BAD_IOVA, 1000, &other);
	rte_mbuf_ext_refcnt_update(&other, 1);
	rte_pktmbuf_append(ext, 500);
	rte_pktmbuf_chain(m, ext);
	assert_true(offer(0, m));
	assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
	assert_int_equal(rte_mbuf_ext_refcnt_read(&other), 1);
	memset(memory, 0xff, sizeof(memory));
	assert_int_equal(held(f), 2);
	flow_steal(f, 0, &sink, &s.user);
	poll(0);
	is_order(s.took, s.n_took, 1, 2);
}

/* A tail that goes to the sink at once is there in segments. */
static void settles_for_the_sink(void **state)
{
	static uint8_t memory[100];
	static struct rte_mbuf_ext_shared_info owner;
	struct pkt_piece piece = {.at = memory, .len = 100};
	const struct pkt_tail tail = {.pieces = &piece, .n = 1, .len = 100, .owner = &owner};
	struct rte_mbuf *m = packet(1);
	struct flow *f = hold();

	frees_nothing(&owner);
	flow_steal(f, 0, &sink, &s.user);
	m->pkt_len += 100;
	pkt_tail_set(m, &tail);
	assert_true(offer(0, m));
	assert_int_equal(s.n_took, 1);
	assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
}

static void wakes_who_sleeps(void **state)
{
	struct flow *f = hold();

	assert_true(flow_asleep(s.t, 1));
	flow_steal(f, 1, &sink, &s.user);
	assert_int_equal(s.woken[1], 1);
	flow_awake(s.t, 1);
	assert_false(flow_asleep(s.t, 1)); /* there is something to do */
	flow_awake(s.t, 1);
	poll(1);
	offer(0, packet(1));
	assert_int_equal(s.woken[1], 1);
	poll(1);
	assert_int_equal(s.n_took, 1);
	assert_int_equal(s.woken[0], 0);
}

/* What only a kernel takes is the flow's all the same: the first fragment, and what has options. Of
 * another fragment nobody can tell. */
static void finds_odd_ones(void **state)
{
	struct flow *f = hold();
	struct rte_mbuf *m = packet(1);
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14), *frame;

	ip[6] = 0x20;
	assert_true(offer(0, m));
	assert_int_equal(held(f), 1);
	m = packet(2);
	ip = rte_pktmbuf_mtod_offset(m, uint8_t *, 14);
	ip[6] = 0x20;
	ip[7] = 5;
	assert_false(offer(0, m));
	m = packet(3);
	rte_pktmbuf_append(m, 4);
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	memmove(frame + 38, frame + 34, 60);
	memcpy(frame + 34, "\1\1\1\0", 4);
	frame[14] = 0x46;
	frame[17] += 4;
	assert_true(offer(0, m));
	assert_int_equal(m->l3_len, 24);
	assert_int_equal(held(f), 2);
	/* They go on to the kernel with what was held, in order. */
	flow_release(f, NULL, NULL);
	poll(0);
	assert_int_equal(s.n_sent, 2);
	assert_int_equal(s.sent[0], 1);
	for (int i = 0; i < 3; i++)
		flow_reap(s.t);
	m = packet(4);
	rte_pktmbuf_mtod_offset(m, uint8_t *, 14)[6] = 0x20;
	assert_false(offer(0, m));
}

/* Many flows, some of them in one bucket: each is found, and only by its own key. */
static void finds_each(void **state)
{
	struct flow *flows[100], *f;

	for (uint16_t i = 0; i < 100; i++) {
		s.key.vlan = i;
		flows[i] = hold();
	}
	s.key.vlan = 100;
	assert_int_equal(flow_hold(s.t, &s.key, PORT, &limits, &f), -ENOSPC);
	for (uint16_t i = 0; i < 100; i++) {
		struct rte_mbuf *m = packet(i);

		m->vlan_tci = i | 0x2000; /* with a priority */
		assert_int_equal(flow_find(s.t, BRIDGE, &m, 1, &f), 1);
		assert_ptr_equal(f, flows[i]);
		assert_int_equal(flow_find(s.t, BRIDGE + 1, &m, 1, &f), 0);
		rte_pktmbuf_mtod(m, uint8_t *)[5] = 9; /* another station's */
		assert_int_equal(flow_find(s.t, BRIDGE, &m, 1, &f), 0);
		assert_null(f);
		rte_pktmbuf_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_the_limits),	    TEST(copies_what_is_borrowed),
		TEST(settles_for_the_sink), TEST(wakes_who_sleeps),
		TEST(finds_each),	    TEST(finds_odd_ones),
	};

	return test_flow_main(tests, RTE_DIM(tests));
}
