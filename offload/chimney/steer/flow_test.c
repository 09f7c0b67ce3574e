/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of flows with one thread that plays main and the workers in turn. */
#include "offload/chimney/steer/flow.h"
#include "offload/chimney/steer/key.h"

#include "packet/tail.h"
#include "packet/test_frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { POOL = 1023, BRIDGE = 3, PORT = 7, VLAN = 5, SEEN_MAX = 256 };

static struct {
	struct flow_table *t;
	struct rte_mempool *data, *header;
	struct pkt_counters counters[PORT + 1];
	struct pkt_worker w[2];
	struct flow_key key;
	uint32_t took[SEEN_MAX], sent[SEEN_MAX]; /* the packets' numbers */
	unsigned int n_took, n_sent, ended, woken[2];
	uint16_t took_on;
	int user;
} s;

static const struct flow_limits limits = {.packets = 8, .bytes = 4000};

static uint32_t number_of(const struct rte_mbuf *m)
{
	uint32_t n;

	memcpy(&n, rte_pktmbuf_read(m, 54, sizeof(n), &n), sizeof(n));
	return n;
}

static void take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m)
{
	assert_ptr_equal(ctx, &s);
	assert_ptr_equal(user, &s.user);
	assert_false(m->ol_flags & PKT_F_TAIL);
	s.took_on = w->id;
	s.took[s.n_took++] = number_of(m);
	rte_pktmbuf_free(m);
}

static const struct flow_sink sink = {.take = take, .ctx = &s};

static void forward(void *ctx, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	assert_int_equal(bridge, BRIDGE);
	assert_in_range(n, 1, PKT_RX_MAX);
	for (uint16_t i = 0; i < n; i++) {
		assert_int_equal(pkts[i]->port, PORT);
		assert_int_equal(pkts[i]->vlan_tci, VLAN);
		s.sent[s.n_sent++] = number_of(pkts[i]);
		rte_pktmbuf_free(pkts[i]);
	}
}

static uint32_t poll(uint16_t worker)
{
	const struct flow_forward out = {.forward = forward, .ctx = &s};

	return flow_poll(s.t, &s.w[worker], &out);
}

static void wake(void *ctx, uint16_t worker)
{
	s.woken[worker]++;
}

static void ended(void *ctx)
{
	s.ended++;
}

static struct rte_mbuf *packet(uint32_t number)
{
	static struct test_frame f = {.dst = 2, .src = 1, .ip = 4, .payload = 100};
	struct rte_mbuf *m;

	test_frame_build(&f);
	memcpy(f.bytes + 54, &number, sizeof(number));
	m = test_frame_mbuf(&f, s.data);
	m->port = PORT;
	m->vlan_tci = VLAN;
	return m;
}

/* A worker finds m. true: it was taken. */
static bool offer(uint16_t worker, struct rte_mbuf *m)
{
	struct flow *f = NULL;
	uint16_t n = flow_find(s.t, BRIDGE, &m, 1, &f);

	assert_int_equal(n, f != NULL);
	if (f && flow_take(f, &s.w[worker], &m))
		return true;
	rte_pktmbuf_free(m);
	return false;
}

static struct flow *hold(void)
{
	struct flow *f = NULL;

	assert_int_equal(flow_hold(s.t, &s.key, PORT, &limits, &f), 0);
	return f;
}

static void is_order(const uint32_t *seen, unsigned int n, uint32_t first, uint32_t last)
{
	assert_int_equal(n, last - first + 1);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(seen[i], first + i);
}

static uint64_t held(const struct flow *f)
{
	struct flow_counts c;

	flow_counts(f, &c);
	return c.held;
}

static int setup(void **state)
{
	struct rte_mempool *data = s.data, *header = s.header;
	struct pkt_headers h;
	struct rte_mbuf *m;

	memset(&s, 0, sizeof(s));
	s.data = data;
	s.header = header;
	s.t = flow_table_new(2, 100);
	flow_table_set_wake(s.t, wake, NULL);
	for (uint16_t i = 0; i < 2; i++)
		s.w[i] = (struct pkt_worker){
			.id = i, .data_pool = data, .header_pool = header, .counters = s.counters};
	m = packet(0);
	flow_key_of(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, m->pkt_len, &s.key, &h);
	s.key.bridge = BRIDGE;
	s.key.vlan = VLAN;
	rte_pktmbuf_free(m);
	return s.t ? 0 : -1;
}

static int teardown(void **state)
{
	flow_table_free(s.t);
	return rte_mempool_avail_count(s.data) == POOL && rte_mempool_avail_count(s.header) == POOL
		       ? 0
		       : -1;
}

static void holds_then_steals(void **state)
{
	struct flow_counts c;
	struct flow *f;

	assert_false(flow_any(s.t));
	assert_false(offer(0, packet(0)));
	f = hold();
	assert_true(flow_any(s.t));
	assert_ptr_equal(flow_get(s.t, &s.key), f);
	for (uint32_t i = 1; i <= 4; i++)
		assert_true(offer(i % 2, packet(i)));
	assert_int_equal(poll(0) + poll(1), 0);
	assert_int_equal(held(f), 4);
	flow_steal(f, 1, &sink, &s.user);
	/* The first new one on its home comes behind those held. */
	assert_true(offer(1, packet(5)));
	is_order(s.took, s.n_took, 1, 5);
	assert_int_equal(s.took_on, 1);
	/* From another worker it waits for the home. */
	assert_true(offer(0, packet(6)));
	assert_int_equal(s.n_took, 5);
	assert_true(offer(1, packet(7)));
	is_order(s.took, s.n_took, 1, 7);
	assert_true(offer(0, packet(8)));
	assert_int_equal(poll(0), 0);
	assert_int_equal(poll(1), 1);
	is_order(s.took, s.n_took, 1, 8);
	flow_counts(f, &c);
	assert_int_equal(c.mode, FLOW_STOLEN);
	assert_int_equal(c.packets, 8);
	assert_int_equal(c.bytes, 8 * 154);
	assert_int_equal(c.held, 0);
}

static void steals_without_traffic(void **state)
{
	struct flow *f = hold();

	offer(0, packet(1));
	flow_steal(f, 1, &sink, &s.user);
	assert_int_equal(poll(1), 1);
	is_order(s.took, s.n_took, 1, 1);
}

static void holds_again_and_releases(void **state)
{
	struct flow *f = hold();

	flow_steal(f, 1, &sink, &s.user);
	poll(1);
	flow_hold_again(f);
	for (uint32_t i = 1; i <= 3; i++)
		assert_true(offer(1, packet(i)));
	assert_int_equal(poll(1), 0);
	assert_int_equal(s.n_took, 0);
	flow_release(f, ended, NULL);
	assert_null(flow_get(s.t, &s.key));
	/* Until its home has sent what was held, others still wait behind it. */
	assert_true(offer(0, packet(4)));
	assert_true(poll(1) > 0);
	is_order(s.sent, s.n_sent, 1, 4);
	assert_false(offer(0, packet(5)));
	for (int i = 0; i < 2; i++)
		assert_int_equal(flow_reap(s.t), 1);
	assert_int_equal(s.ended, 0);
	assert_int_equal(flow_reap(s.t), 0);
	assert_int_equal(s.ended, 1);
	assert_false(flow_any(s.t));
}

/* A flow that a worker still has in its list is not freed. */
static void is_not_freed_while_queued(void **state)
{
	struct flow *f = hold();

	flow_steal(f, 0, &sink, &s.user);
	for (int i = 0; i < 5; i++)
		assert_int_equal(flow_reap(s.t), 0);
	flow_release(f, ended, NULL);
	for (int i = 0; i < 5; i++)
		assert_int_equal(flow_reap(s.t), 1);
	poll(0);
	for (int i = 0; i < 3; i++)
		flow_reap(s.t);
	assert_int_equal(s.ended, 1);
}

static void drops(void **state)
{
	struct flow *f = hold();

	for (uint32_t i = 1; i <= 3; i++)
		offer(0, packet(i));
	flow_drop(f, ended, NULL);
	poll(0);
	assert_int_equal(s.n_sent + s.n_took, 0);
	assert_int_equal(s.counters[PORT].drop[PKT_DROP_HELD], 3);
	assert_false(offer(0, packet(4)));
}

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

/* A key may be held again as soon as the flow before it is closed. */
static void comes_again(void **state)
{
	struct flow *f = hold(), *again = NULL;

	assert_int_equal(flow_hold(s.t, &s.key, PORT, &limits, &again), -EEXIST);
	flow_release(f, ended, NULL);
	assert_int_equal(flow_hold(s.t, &s.key, PORT, &limits, &again), -EEXIST);
	poll(0);
	assert_int_equal(flow_hold(s.t, &s.key, PORT, &limits, &again), 0);
	assert_true(offer(0, packet(1)));
	assert_int_equal(held(again), 1);
	for (int i = 0; i < 3; i++)
		flow_reap(s.t);
	assert_int_equal(s.ended, 1);
	assert_ptr_equal(flow_get(s.t, &s.key), again);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(holds_then_steals),
		TEST(steals_without_traffic),
		TEST(holds_again_and_releases),
		TEST(is_not_freed_while_queued),
		TEST(drops),
		TEST(keeps_the_limits),
		TEST(comes_again),
		TEST(copies_what_is_borrowed),
		TEST(settles_for_the_sink),
		TEST(wakes_who_sleeps),
		TEST(finds_each),
	};

	test_eal_init();
	s.data = test_pool("data", POOL, 2048);
	s.header = test_pool("header", POOL, 256);
	if (pkt_tail_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
