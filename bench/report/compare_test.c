/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/compare.h"
#include "bench/report/unpaired.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The interval of five against five: by the tables of Mann and Whitney, 2 differences are left out
 * on each side at 95 %, and none but the range's ends at 99 %. */
static void small_lists_by_the_table(void **state)
{
	const double under[] = {1, 1, 1, 1, 1}, over[] = {3, 1, 5, 2, 4};
	struct unpaired u = unpaired_ratio(over, 5, under, 5, 0.99);

	assert_true(u.known && u.ratio_known);
	assert_true(fabs(u.ratio - 3) < 1e-12);
	assert_true(fabs(u.lo - 1) < 1e-12 && fabs(u.hi - 5) < 1e-12);
	/* Eight against eight at 95 %: U <= 13 of 64, so the 14th. */
	{
		double a[8], b[8] = {1, 1, 1, 1, 1, 1, 1, 1};

		for (int i = 0; i < 8; i++)
			a[i] = i + 1;
		u = unpaired_ratio(a, 8, b, 8, 0.95);
		/* Each of a's values stands for 8 differences. */
		assert_true(fabs(u.lo - 2) < 1e-12 && fabs(u.hi - 7) < 1e-12);
	}
}

static void too_little_is_unknown(void **state)
{
	const double some[] = {1, 2, 3, 4, 5}, zero[] = {0, 0, 0, 1, 2};
	struct unpaired u = unpaired_ratio(some, 4, some, 5, 0.95);

	assert_true(u.ratio_known && !u.known);
	u = unpaired_ratio(some, 5, zero, 5, 0.95);
	assert_true(!u.ratio_known && !u.known);
	u = unpaired_ratio(zero + 1, 4, some, 5, 0.95);
	assert_false(u.known);
	u = unpaired_ratio(some, 0, some, 5, 0.95);
	assert_false(u.ratio_known);
}

static uint64_t seed;

static double uniform(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(seed >> 33) + 0.5) / (double)(UINT64_C(1) << 31);
}

/* Log-normal, but each tenth value is ten times as far out. */
static double noise(void)
{
	double normal = sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());

	return exp(0.02 * normal * (uniform() < 0.1 ? 10 : 1));
}

/* What is said to be in 95 and 99 of 100 intervals is, whatever the distribution. */
static void intervals_cover(void **state)
{
	static const size_t sizes[][2] = {{5, 5}, {5, 9}, {12, 7}, {30, 30}, {52, 50}};
	enum { TRIES = 600 };

	seed = 7;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		int in95 = 0, in99 = 0;

		for (int i = 0; i < TRIES; i++) {
			double a[60], b[60];
			struct unpaired u;

			for (size_t j = 0; j < sizes[k][0]; j++)
				a[j] = 1.3 * noise();
			for (size_t j = 0; j < sizes[k][1]; j++)
				b[j] = noise();
			u = unpaired_ratio(a, sizes[k][0], b, sizes[k][1], 0.95);
			in95 += u.lo <= 1.3 && u.hi >= 1.3;
			u = unpaired_ratio(a, sizes[k][0], b, sizes[k][1], 0.99);
			in99 += u.lo <= 1.3 && u.hi >= 1.3;
		}
		/* Three standard errors of the count below what is promised. */
		assert_in_range(in95, 0.923 * TRIES, TRIES);
		assert_in_range(in99, 0.978 * TRIES, TRIES);
	}
}

static json_t *run_of(const char *scenario, const char *size, double level, bool bound)
{
	json_t *trials = json_array(), *result;

	for (int i = 0; i < 9; i++)
		json_array_append_new(trials, json_real(level * (1 + 0.001 * i)));
	result = json_pack("{s:s,s:{s:s},s:s,s:s,s:b,s:f,s:o}", "system", "flue", "params", "size",
			   size, "metric", "throughput", "unit", "pps", "lower_better", 0, "median",
			   level * 1.004, "trials", trials);
	if (bound)
		json_object_set_new(result, "bound", json_string("generator"));
	return json_pack("{s:s,s:s,s:[o]}", "scenario", scenario, "started", "2024-05-01T12:00:00Z",
			 "results", result);
}

/* Compares, expects the verdict, and returns the one comparison (borrowed from *all). */
static const json_t *expect_verdict(json_t *before, json_t *after, const char *verdict,
				    json_t **all)
{
	struct err e = {0};
	const json_t *c;

	*all = compare_runs(before, after, &e);
	assert_non_null(*all);
	c = json_array_get(json_object_get(*all, "comparisons"), 0);
	assert_string_equal(json_string_value(json_object_get(c, "verdict")), verdict);
	json_decref(before);
	json_decref(after);
	return c;
}

static void verdicts(void **state)
{
	json_t *all, *before, *after, *results;
	const json_t *c;

	c = expect_verdict(run_of("v2v", "64", 1e6, false), run_of("v2v", "64", 1.2e6, false),
			   "faster", &all);
	assert_true(fabs(json_number_value(json_object_get(c, "ratio")) - 1.2) < 1e-9);
	assert_int_equal(json_array_size(json_object_get(c, "ci95")), 2);
	json_decref(all);
	expect_verdict(run_of("v2v", "64", 1e6, false), run_of("v2v", "64", 0.9e6, false), "slower",
		       &all);
	json_decref(all);
	expect_verdict(run_of("v2v", "64", 1e6, false), run_of("v2v", "64", 1e6, false),
		       "cannot tell", &all);
	json_decref(all);
	/* Two runs that both waited for the load. */
	c = expect_verdict(run_of("v2v", "64", 1e6, true), run_of("v2v", "64", 1.2e6, true),
			   "cannot tell", &all);
	assert_int_equal(json_array_size(json_object_get(c, "bound")), 2);
	json_decref(all);

	/* Less is better. */
	before = run_of("v2v", "64", 1e6, false);
	after = run_of("v2v", "64", 0.9e6, false);
	results = json_object_get(after, "results");
	json_object_set_new(json_array_get(results, 0), "lower_better", json_true());
	expect_verdict(before, after, "faster", &all);
	json_decref(all);
}

static void what_does_not_match(void **state)
{
	json_t *a = run_of("v2v", "64", 1e6, false), *b = run_of("v2v", "128", 1e6, false), *all;
	json_t *host = run_of("host", "64", 1e6, false);
	struct err e = {0};

	assert_null(compare_runs(a, host, &e));
	assert_non_null(strstr(e.text, "different scenarios"));
	assert_null(compare_runs(a, b, &e));
	assert_non_null(strstr(e.text, "nothing in common"));
	json_array_extend(json_object_get(b, "results"), json_object_get(a, "results"));
	all = compare_runs(a, b, &e);
	assert_non_null(all);
	assert_int_equal(json_array_size(json_object_get(all, "comparisons")), 1);
	assert_int_equal(json_array_size(json_object_get(all, "only_before")), 0);
	assert_int_equal(json_array_size(json_object_get(all, "only_after")), 1);
	json_decref(all);
	json_decref(a);
	json_decref(b);
	json_decref(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_lists_by_the_table), cmocka_unit_test(too_little_is_unknown),
		cmocka_unit_test(intervals_cover),	    cmocka_unit_test(verdicts),
		cmocka_unit_test(what_does_not_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
