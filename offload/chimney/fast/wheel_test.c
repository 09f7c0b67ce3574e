/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { TIMERS = 300, STEPS = 20000, TICK = 1 << CHIM_WHEEL_SHIFT };
static const uint64_t ms = 1000000;

static struct chim_wheel wheel;

static void fires_when_due(void **state)
{
	struct chim_timer a = {0}, b = {0};
	uint64_t start = 12345 * ms;

	chim_wheel_init(&wheel, start);
	assert_true(chim_wheel_next(&wheel) == UINT64_MAX);
	assert_null(chim_wheel_pop(&wheel, start));
	chim_timer_set(&wheel, &a, start + 200 * ms);
	chim_timer_set(&wheel, &b, start + 40 * ms);
	assert_int_equal(wheel.n, 2);
	assert_true(chim_timer_is_set(&a));
	assert_null(chim_wheel_pop(&wheel, start + 40 * ms - 1));
	assert_ptr_equal(chim_wheel_pop(&wheel, start + 40 * ms + TICK), &b);
	assert_false(chim_timer_is_set(&b));
	assert_null(chim_wheel_pop(&wheel, start + 199 * ms));
	assert_ptr_equal(chim_wheel_pop(&wheel, start + 3600000 * ms), &a);
	assert_null(chim_wheel_pop(&wheel, start + 3600000 * ms));
	assert_int_equal(wheel.n, 0);
}

/* What was set for a time that is over fires at once, also when the wheel has moved on. */
static void past_is_now(void **state)
{
	struct chim_timer t = {0};

	chim_wheel_init(&wheel, 500 * ms);
	assert_null(chim_wheel_pop(&wheel, 900 * ms));
	chim_timer_set(&wheel, &t, 0);
	assert_true(chim_wheel_next(&wheel) <= 900 * ms);
	assert_ptr_equal(chim_wheel_pop(&wheel, 900 * ms), &t);
}

static void cancels(void **state)
{
	struct chim_timer t[3] = {0};

	chim_wheel_init(&wheel, 0);
	chim_timer_cancel(&wheel, &t[0]); /* not set */
	for (int i = 0; i < 3; i++)
		chim_timer_set(&wheel, &t[i], 100 * ms); /* one slot */
	chim_timer_cancel(&wheel, &t[1]);		 /* from its middle */
	chim_timer_set(&wheel, &t[0], UINT64_MAX);
	assert_int_equal(wheel.n, 1);
	assert_ptr_equal(chim_wheel_pop(&wheel, 200 * ms), &t[2]);
	assert_null(chim_wheel_pop(&wheel, 200 * ms));
	assert_true(chim_wheel_next(&wheel) == UINT64_MAX);
}

/* Pushed back many times it does not move until its slot comes, and then fires once. */
static void pushed_back(void **state)
{
	struct chim_timer t = {0}, **where;

	chim_wheel_init(&wheel, 0);
	chim_timer_set(&wheel, &t, 10 * ms);
	where = t.prev;
	for (uint64_t i = 1; i <= 100; i++)
		chim_timer_set(&wheel, &t, (10 + i) * ms);
	assert_ptr_equal(t.prev, where);
	assert_null(chim_wheel_pop(&wheel, 109 * ms));
	assert_ptr_equal(chim_wheel_pop(&wheel, 111 * ms), &t);
	chim_timer_set(&wheel, &t, 500 * ms);
	chim_timer_set(&wheel, &t, 120 * ms); /* earlier: moved at once */
	assert_ptr_equal(chim_wheel_pop(&wheel, 121 * ms), &t);
}

/* Nothing is too far away, and the time of nothing overflows. */
static void far_away(void **state)
{
	struct chim_timer t = {0}, u = {0};

	chim_wheel_init(&wheel, 1);
	chim_timer_set(&wheel, &t, UINT64_MAX - 1);
	assert_true(chim_wheel_next(&wheel) > UINT64_MAX / 2);
	assert_null(chim_wheel_pop(&wheel, UINT64_MAX / 4));
	chim_timer_set(&wheel, &u, UINT64_MAX / 2);
	assert_ptr_equal(chim_wheel_pop(&wheel, UINT64_MAX / 2 + TICK), &u);
	/* Due in the slot behind the last: no time is late enough. */
	assert_null(chim_wheel_pop(&wheel, UINT64_MAX));
	assert_true(chim_wheel_next(&wheel) == UINT64_MAX);
}

/* A time of any order of magnitude, so that all levels are used. */
static uint64_t some_time(void)
{
	return ((uint64_t)rand() << 24 | (uint64_t)(rand() & 0xffffff)) >> (rand() % 50);
}

/* Against a list of due times. */
static void does_as_a_list(void **state)
{
	static struct chim_timer t[TIMERS];
	static uint64_t due[TIMERS];
	uint64_t now = 77 * ms, fired = 0;

	srand(7);
	memset(t, 0, sizeof(t));
	chim_wheel_init(&wheel, now);
	memset(due, 0xff, sizeof(due));
	for (int step = 0; step < STEPS; step++) {
		struct chim_timer *got;
		uint64_t next, earliest = UINT64_MAX;
		int i = rand() % TIMERS;

		if (rand() % 4 == 0) {
			chim_timer_cancel(&wheel, &t[i]);
			due[i] = UINT64_MAX;
		} else {
			due[i] = now + some_time();
			chim_timer_set(&wheel, &t[i], due[i]);
		}
		for (i = 0; i < TIMERS; i++)
			earliest = due[i] < earliest ? due[i] : earliest;
		next = chim_wheel_next(&wheel);
		assert_true(next == UINT64_MAX ? earliest == UINT64_MAX : next < earliest + TICK);
		if (rand() % 8 == 0 && next > now && next != UINT64_MAX)
			now = next;
		else if (rand() % 2)
			now += some_time() >> 8;
		while ((got = chim_wheel_pop(&wheel, now)) != NULL) {
			i = (int)(got - t);
			assert_true(due[i] <= now);
			due[i] = UINT64_MAX;
			fired++;
		}
		for (i = 0; i < TIMERS; i++)
			assert_true(due[i] == UINT64_MAX || due[i] + TICK > now);
	}
	assert_true(fired > STEPS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_when_due), cmocka_unit_test(past_is_now),
		cmocka_unit_test(cancels),	  cmocka_unit_test(pushed_back),
		cmocka_unit_test(far_away),	  cmocka_unit_test(does_as_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
