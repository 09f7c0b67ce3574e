/* SPDX-License-Identifier: BSD-3-Clause */
/* How the trials at one load count, by the definition in the draft; and what a spec may say. */
#include "bench/stat/search.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const double max_load = 10e6;

static const struct search_spec plain = {
	.min_load = 1e4,
	.max_load = 10e6,
	.initial_seconds = 0.4,
	.n_goals = 1,
	.goals = {{0, 0, 0.4, 0.4, 0.005}},
};

static void evidence(void **state)
{
	static struct search s;
	struct search_spec spec = plain;
	const struct search_trial good = {max_load, 0.4, 1000, 0}, bad = {max_load, 0.4, 1000, 1},
				  brief = {max_load, 0.2, 1000, 0},
				  worse = {max_load, 0.2, 1000, 9}, none = {max_load, 0.4, 0, 0};

	assert_int_equal(search_init(&s, &spec), 0);
	search_result(&s, &none);
	assert_false(search_found(&s, 0).lower_known || search_found(&s, 0).upper_known);
	search_result(&s, &brief);
	search_result(&s, &brief);
	assert_false(search_found(&s, 0).lower_known);
	search_result(&s, &worse);
	assert_true(search_found(&s, 0).upper_known);

	/* Two seconds of five trials; half may exceed: three good are needed, three bad exclude. */
	spec.goals[0].exceed_ratio = 0.5;
	spec.goals[0].sum_seconds = 2;
	assert_int_equal(search_init(&s, &spec), 0);
	for (int i = 0; i < 2; i++) {
		search_result(&s, &good);
		search_result(&s, &bad);
		assert_false(search_found(&s, 0).lower_known || search_found(&s, 0).upper_known);
	}
	search_result(&s, &good);
	assert_true(search_found(&s, 0).lower_known && search_found(&s, 0).reached);
	assert_true(search_found(&s, 0).throughput == max_load);

	/* Short ones that are good excuse short ones that are bad, and no others. */
	assert_int_equal(search_init(&s, &spec), 0);
	for (int i = 0; i < 8; i++) {
		search_result(&s, &brief);
		search_result(&s, &worse);
		assert_false(search_found(&s, 0).lower_known || search_found(&s, 0).upper_known);
	}
	for (int i = 0; i < 3; i++)
		search_result(&s, &bad);
	assert_true(search_found(&s, 0).upper_known);
}

static void refuses(void **state)
{
	static struct search s;
	const struct search_spec good = plain;

#define REFUSED(field, value)                                     \
	do {                                                      \
		struct search_spec bad = good;                    \
		bad.field = value;                                \
		assert_int_equal(search_init(&s, &bad), -EINVAL); \
	} while (0)
	REFUSED(n_goals, 0);
	REFUSED(n_goals, SEARCH_GOALS + 1);
	REFUSED(min_load, 0);
	REFUSED(min_load, 2 * max_load);
	REFUSED(max_load, NAN);
	REFUSED(max_load, INFINITY);
	REFUSED(start_load, -1);
	REFUSED(start_load, NAN);
	REFUSED(initial_seconds, 0);
	REFUSED(max_trials, SEARCH_TRIALS + 1);
	REFUSED(goals[0].loss_ratio, 1);
	REFUSED(goals[0].loss_ratio, -0.1);
	REFUSED(goals[0].exceed_ratio, 1);
	REFUSED(goals[0].final_seconds, 0);
	REFUSED(goals[0].sum_seconds, NAN);
	REFUSED(goals[0].width, 0);
	REFUSED(goals[0].width, 1);
#undef REFUSED
	assert_int_equal(search_init(&s, &good), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
