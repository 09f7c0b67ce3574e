/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int setup(void **state)
{
	static struct window w;

	*state = &w;
	return window_init(&w);
}

static int teardown(void **state)
{
	window_free(*state);
	return 0;
}

static void in_order(void **state)
{
	for (uint32_t i = 0; i < 3 * WINDOW_FRAMES; i++)
		if (window_add(*state, i) != WINDOW_NEW)
			fail_msg("%u", i);
}

static void duplicates_and_late_ones(void **state)
{
	assert_int_equal(window_add(*state, 10), WINDOW_NEW);
	assert_int_equal(window_add(*state, 10), WINDOW_DUPLICATE);
	assert_int_equal(window_add(*state, 12), WINDOW_NEW);
	assert_int_equal(window_add(*state, 11), WINDOW_LATE);
	assert_int_equal(window_add(*state, 11), WINDOW_DUPLICATE);
	assert_int_equal(window_add(*state, 0), WINDOW_LATE);
}

/* A gap's bits are those of frames a window ago, until it is cleared. */
static void gaps(void **state)
{
	for (uint32_t i = 0; i < WINDOW_FRAMES; i++)
		window_add(*state, i);
	assert_int_equal(window_add(*state, WINDOW_FRAMES + 1000), WINDOW_NEW);
	assert_int_equal(window_add(*state, WINDOW_FRAMES + 500), WINDOW_LATE);
	assert_int_equal(window_add(*state, WINDOW_FRAMES + 500), WINDOW_DUPLICATE);
	assert_int_equal(window_add(*state, 5000), WINDOW_DUPLICATE);
	assert_int_equal(window_add(*state, 900), WINDOW_OLD);
}

static void far_ahead(void **state)
{
	window_add(*state, 3);
	assert_int_equal(window_add(*state, 3 * WINDOW_FRAMES + 3), WINDOW_NEW);
	assert_int_equal(window_add(*state, 3 * WINDOW_FRAMES + 2), WINDOW_LATE);
	assert_int_equal(window_add(*state, 3), WINDOW_OLD);
	assert_int_equal(window_add(*state, UINT32_MAX), WINDOW_NEW);
	assert_int_equal(window_add(*state, UINT32_MAX), WINDOW_DUPLICATE);
	window_reset(*state);
	assert_int_equal(window_add(*state, 3), WINDOW_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(duplicates_and_late_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(far_ahead, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
