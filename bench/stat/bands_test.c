/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/stat/boot.h"

#include "bench/stat/test_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { ROUNDS = 4000 };

static double a_normal(uint64_t *s)
{
	return 100 + test_normal(s);
}

static double a_heavy(uint64_t *s)
{
	return 100 + test_heavy(s);
}

static double an_exponential(uint64_t *s)
{
	return -log(test_uniform(s));
}

static double a_lognormal(uint64_t *s)
{
	return exp(0.2 * test_normal(s));
}

static void no_false_alarm(void **state)
{
	static double (*const draw[])(uint64_t *) = {a_normal, a_heavy, test_uniform,
						     an_exponential, a_lognormal};
	uint64_t seed = 2024;
	double v[60];

	for (size_t n = 5; n <= 60; n += n < 30 ? 1 : 10)
		for (size_t d = 0; d < sizeof(draw) / sizeof(draw[0]); d++) {
			int alarms = 0;

			for (int r = 0; r < ROUNDS; r++) {
				for (size_t i = 0; i < n; i++)
					v[i] = draw[d](&seed);
				alarms += stat_bands(v, n).two;
			}
			if (alarms * 100 > ROUNDS)
				fail_msg("%d false alarms in %d: %zu values, kind %zu", alarms,
					 ROUNDS, n, d);
		}
}

/* How often two bands so many deviations apart are found. */
static double finds(size_t n, size_t high, double apart)
{
	uint64_t seed = 7;
	double v[60];
	int found = 0;

	for (int r = 0; r < ROUNDS; r++) {
		struct bands b;

		for (size_t i = 0; i < n; i++)
			v[i] = 100 + test_normal(&seed) + (i < high ? apart : 0);
		b = stat_bands(v, n);
		if (!b.two)
			continue;
		found++;
		assert_true(b.low < b.high && b.high_share >= 0.2 && b.high_share <= 0.8);
	}
	return (double)found / ROUNDS;
}

static void two_bands(void **state)
{
	assert_true(finds(8, 2, 20) > 0.9);
	assert_true(finds(12, 3, 10) > 0.9);
	assert_true(finds(12, 6, 10) > 0.9);
	assert_true(finds(12, 9, 12) > 0.97);
	assert_true(finds(20, 4, 8) > 0.9);
	assert_true(finds(20, 10, 8) > 0.9);
	assert_true(finds(30, 6, 7) > 0.9);
	assert_true(finds(60, 12, 7) > 0.9);
	/* Fewer than a fifth are outliers and no band. */
	assert_true(finds(20, 2, 30) < 0.01);
}

static void shape(void **state)
{
	const double v[] = {11, 1, 1.1, 0.9, 11.1, 1, 10.9, 1.05, 0.95};
	const double same[] = {3, 3, 3, 3, 3, 3, 3, 3, 3}, two[] = {3, 3, 3, 3, 4, 4, 4, 4, 4};
	const double not [] = {1, 1, 1, 1, 9, 9, 9, NAN};
	struct bands b = stat_bands(v, 9);

	assert_true(b.two);
	assert_true(b.low == 1 && b.high == 11);
	assert_true(fabs(b.high_share - 1.0 / 3) < 1e-12);
	assert_false(stat_bands(same, 9).two);
	assert_true(stat_bands(two, 9).two);
	assert_false(stat_bands(not, 8).two);
	assert_false(stat_bands(v, 7).two);
	assert_false(stat_bands(v, 0).two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_false_alarm),
		cmocka_unit_test(two_bands),
		cmocka_unit_test(shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
