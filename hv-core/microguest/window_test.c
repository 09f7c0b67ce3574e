/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/window.h"

#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct mg_window w;

static int setup(void **state)
{
	w = (struct mg_window){0};
	return 0;
}

static void in_order_is_nothing_odd(void **state)
{
	for (uint64_t i = 0; i < 3 * MG_WINDOW_BITS; i++)
		mg_window_add(&w, i);
	assert_int_equal(w.next, 3 * MG_WINDOW_BITS);
	assert_int_equal(w.reordered + w.duplicated, 0);
}

static void tells_late_from_twice(void **state)
{
	for (uint64_t i = 0; i < 1000; i++)
		if (i != 500 && i != 64)
			mg_window_add(&w, i);
	assert_int_equal(w.reordered + w.duplicated, 0);
	mg_window_add(&w, 500);
	mg_window_add(&w, 64);
	assert_int_equal(w.reordered, 2);
	mg_window_add(&w, 500);
	mg_window_add(&w, 0);
	mg_window_add(&w, 999);
	assert_int_equal(w.duplicated, 3);
	assert_int_equal(w.reordered, 2);
}

static void a_gap_leaves_no_old_bits(void **state)
{
	static const uint64_t gaps[] = {1,
					63,
					64,
					65,
					1000,
					MG_WINDOW_BITS - 1,
					MG_WINDOW_BITS,
					MG_WINDOW_BITS + 1,
					5 * MG_WINDOW_BITS};

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		uint64_t from, first;

		setup(NULL);
		for (uint64_t i = 0; i < 2 * MG_WINDOW_BITS; i++)
			mg_window_add(&w, i);
		from = w.next;
		mg_window_add(&w, from + gaps[g]);
		first = gaps[g] > MG_WINDOW_BITS - 64 ? from + gaps[g] - (MG_WINDOW_BITS - 64)
						      : from;
		/* What was left out comes late, once, and is no duplicate. */
		for (uint64_t i = first; i < from + gaps[g]; i++)
			mg_window_add(&w, i);
		assert_int_equal(w.duplicated, 0);
		assert_int_equal(w.reordered, from + gaps[g] - first);
	}
}

static void too_old_is_reordered(void **state)
{
	for (uint64_t i = 0; i < 2 * MG_WINDOW_BITS; i++)
		mg_window_add(&w, i);
	mg_window_add(&w, 1);
	assert_int_equal(w.reordered, 1);
	assert_int_equal(w.duplicated, 0);
}

static void widens_near_the_latest(void **state)
{
	assert_int_equal(mg_window_widen(&w, 5), 5);
	w.next = UINT64_C(0x1fffffff0);
	assert_int_equal(mg_window_widen(&w, 0xfffffff0u), UINT64_C(0x1fffffff0));
	assert_int_equal(mg_window_widen(&w, 3), UINT64_C(0x200000003));
	assert_int_equal(mg_window_widen(&w, 0xffffffe0u), UINT64_C(0x1ffffffe0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(in_order_is_nothing_odd, setup),
		cmocka_unit_test_setup(tells_late_from_twice, setup),
		cmocka_unit_test_setup(a_gap_leaves_no_old_bits, setup),
		cmocka_unit_test_setup(too_old_is_reordered, setup),
		cmocka_unit_test_setup(widens_near_the_latest, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
