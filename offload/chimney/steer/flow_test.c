/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of flows. */
#include "offload/chimney/steer/test_flow.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(holds_then_steals),
		TEST(steals_without_traffic),
		TEST(holds_again_and_releases),
		TEST(is_not_freed_while_queued),
		TEST(drops),
		TEST(comes_again),
	};

	return test_flow_main(tests, RTE_DIM(tests));
}
