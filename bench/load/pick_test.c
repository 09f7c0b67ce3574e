/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/pick.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_in_order(void **state)
{
	struct pick p;

	assert_int_equal(pick_init(&p, 5, 2, false, 1), 0);
	for (uint64_t i = 0; i < 12; i++) {
		assert_int_equal(pick_next(&p), i % 5);
		pick_done(&p, i % 5);
	}
	pick_clear(&p);
}

static void test_order_skips_busy(void **state)
{
	struct pick p;

	assert_int_equal(pick_init(&p, 4, 3, false, 1), 0);
	assert_int_equal(pick_next(&p), 0);
	assert_int_equal(pick_next(&p), 1);
	assert_int_equal(pick_next(&p), 2);
	pick_done(&p, 1);
	assert_int_equal(pick_next(&p), 3);
	/* 0 is still under way. */
	assert_int_equal(pick_next(&p), 1);
	pick_clear(&p);
}

/* No block twice at the same time, and all of them in the end. */
static void test_random(void **state)
{
	enum { BLOCKS = 130, DEPTH = 64 };
	unsigned int times[BLOCKS] = {0};
	uint64_t under_way[DEPTH];
	struct pick p;

	assert_int_equal(pick_init(&p, BLOCKS, DEPTH, true, 42), 0);
	for (unsigned int i = 0; i < DEPTH; i++)
		under_way[i] = pick_next(&p);
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t *slot = &under_way[i % DEPTH];

		pick_done(&p, *slot);
		*slot = UINT64_MAX;
		uint64_t block = pick_next(&p);
		assert_true(block < BLOCKS);
		for (unsigned int k = 0; k < DEPTH; k++)
			assert_int_not_equal(under_way[k], block);
		*slot = block;
		times[block]++;
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		assert_in_range(times[i], 20000 / BLOCKS / 3, 20000 / BLOCKS * 3);
	pick_clear(&p);
}

static void test_repeatable(void **state)
{
	struct pick a, b;

	assert_int_equal(pick_init(&a, 1000, 1, true, 7), 0);
	assert_int_equal(pick_init(&b, 1000, 1, true, 7), 0);
	for (int i = 0; i < 500; i++) {
		uint64_t block = pick_next(&a);

		assert_int_equal(pick_next(&b), block);
		pick_done(&a, block);
		pick_done(&b, block);
	}
	pick_clear(&a);
	pick_clear(&b);
}

static void test_too_few(void **state)
{
	struct pick p;

	assert_int_equal(pick_init(&p, 8, 8, false, 0), -EINVAL);
	assert_int_equal(pick_init(&p, 9, 8, false, 0), 0);
	assert_int_not_equal(pick_random(&p), pick_random(&p));
	pick_clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order), cmocka_unit_test(test_order_skips_busy),
		cmocka_unit_test(test_random),	 cmocka_unit_test(test_repeatable),
		cmocka_unit_test(test_too_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
