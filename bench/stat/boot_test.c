/* SPDX-License-Identifier: BSD-3-Clause */
/* Do the intervals cover what they say? Simulated comparisons, the same on each run. */
#include "bench/stat/boot.h"

#include "bench/stat/test_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
enum { ROUNDS = 200 }; /* slower by far, and the arithmetic is the same */
#else
enum { ROUNDS = 1000 };
#endif
enum { MOST = 20 };

enum noise { NORMAL, LOGNORMAL, HEAVY, ALIKE, NOISES };
static const char *const names[] = {"normal", "lognormal", "heavy-tailed", "neighbours alike"};

/* n factors around 1 with a median of 1; neighbours of ALIKE correlate with 0.2. */
static void draw(enum noise kind, double dev, double *v, size_t n, uint64_t *seed)
{
	double last = test_normal(seed);

	for (size_t i = 0; i < n; i++) {
		double z = kind == HEAVY ? test_heavy(seed) : test_normal(seed);

		if (kind == ALIKE)
			z = last = 0.2 * last + sqrt(1 - 0.04) * z;
		v[i] = kind == LOGNORMAL ? exp(dev * z) : fmax(0.05, 1 + dev * z);
	}
}

/* A against B, in the order ABBA. */
static void compare(enum noise kind, double dev, double ratio, double *a, double *b, size_t n,
		    uint64_t *seed)
{
	double v[2 * MOST];

	draw(kind, dev, v, 2 * n, seed);
	for (size_t i = 0; i < n; i++) {
		a[i] = 5e6 * ratio * v[2 * i + i % 2];
		b[i] = 5e6 * v[2 * i + 1 - i % 2];
	}
}

static const size_t sizes[] = {5, 7, 10, 20};

static void each_case(void (*check)(enum noise kind, double dev, size_t n))
{
	for (enum noise kind = NORMAL; kind < NOISES; kind++)
		for (size_t i = 0; i < 4; i++) {
			/* It is much the same with little noise. */
			if (kind == NORMAL)
				check(kind, 0.03, sizes[i]);
			check(kind, 0.2, sizes[i]);
		}
}

static void expect_share(int got, int rounds, double least, const char *what, enum noise kind,
			 double dev, size_t n)
{
	print_message("%s, %s, %.0f %%, n = %zu: %.1f %%\n", what, names[kind], 100 * dev, n,
		      100.0 * got / rounds);
	if (got < least * rounds)
		fail_msg("less than %.0f %%", 100 * least);
}

static void check_ratio(enum noise kind, double dev, size_t n)
{
	double a[MOST], b[MOST];
	uint64_t seed = 11 + n;
	int covered = 0, silent = 0;

	for (int r = 0; r < ROUNDS; r++) {
		struct interval i95, i99;

		compare(kind, dev, 1, a, b, n, &seed);
		i95 = boot_ratio(a, b, n, 0.95, (uint64_t)r);
		i99 = boot_ratio(a, b, n, VERDICT_LEVEL_PERCENT / 100.0, (uint64_t)r);
		assert_true(i95.known && i99.known && i95.lo <= i95.mid && i95.mid <= i95.hi);
		assert_true(i99.lo <= i95.lo && i99.hi >= i95.hi);
		covered += i95.lo <= 1 && i95.hi >= 1;
		silent += boot_verdict(&i99, false) == VERDICT_CANNOT_TELL;
	}
	expect_share(covered, ROUNDS, 0.92, "ratio covered", kind, dev, n);
	expect_share(silent, ROUNDS, 0.98, "A vs A cannot tell", kind, dev, n);
}

static void ratio_covers(void **state)
{
	each_case(check_ratio);
}

static void check_median(enum noise kind, double dev, size_t n)
{
	uint64_t seed = 5 + n;
	double v[MOST];
	int covered = 0;

	for (int r = 0; r < ROUNDS / 4; r++) {
		struct interval i;

		draw(kind, dev, v, n, &seed);
		i = boot_median(v, n, 0.95, (uint64_t)r);
		assert_true(i.known && i.lo <= i.mid && i.mid <= i.hi &&
			    i.mid == stat_median(v, n));
		covered += i.lo <= 1 && i.hi >= 1;
	}
	expect_share(covered, ROUNDS / 4, 0.92, "median covered", kind, dev, n);
}

static void median_covers(void **state)
{
	each_case(check_median);
}

/* A true difference is seen. */
static void faster(void **state)
{
	double a[MOST], b[MOST];
	uint64_t seed = 3;
	int seen = 0;

	for (int r = 0; r < ROUNDS; r++) {
		struct interval i;

		compare(NORMAL, 0.03, 1.2, a, b, 7, &seed);
		i = boot_ratio(a, b, 7, 0.99, (uint64_t)r);
		assert_true(boot_verdict(&i, false) != VERDICT_SLOWER);
		seen += boot_verdict(&i, false) == VERDICT_FASTER;
		assert_int_equal(boot_verdict(&i, true) == VERDICT_SLOWER,
				 boot_verdict(&i, false) == VERDICT_FASTER);
		/* The other way round is the same, turned. */
		struct interval j = boot_ratio(b, a, 7, 0.99, (uint64_t)r);

		assert_true(fabs(i.mid * j.mid - 1) < 1e-9);
	}
	expect_share(seen, ROUNDS, 0.99, "1.2 is faster", NORMAL, 0.03, 7);
}

static void verdicts(void **state)
{
	const struct interval above = {1.1, 1.01, 1.2, true}, below = {0.9, 0.8, 0.99, true},
			      around = {1.1, 0.9, 1.3, true}, unknown = {2, 2, 2, false},
			      edge = {1.1, 1, 1.2, true};

	assert_int_equal(boot_verdict(&above, false), VERDICT_FASTER);
	assert_int_equal(boot_verdict(&above, true), VERDICT_SLOWER);
	assert_int_equal(boot_verdict(&below, false), VERDICT_SLOWER);
	assert_int_equal(boot_verdict(&below, true), VERDICT_FASTER);
	assert_int_equal(boot_verdict(&around, false), VERDICT_CANNOT_TELL);
	assert_int_equal(boot_verdict(&edge, false), VERDICT_CANNOT_TELL);
	assert_int_equal(boot_verdict(&unknown, false), VERDICT_CANNOT_TELL);
	assert_string_equal(verdict_name(VERDICT_CANNOT_TELL), "cannot tell");
	assert_string_equal(verdict_name(VERDICT_FASTER), "faster");
	assert_string_equal(verdict_name(VERDICT_SLOWER), "slower");
	assert_true(boot_settled(&above, 0.1));
	assert_false(boot_settled(&above, 0.05));
	assert_false(boot_settled(&unknown, 1));
}

static void medians(void **state)
{
	uint64_t seed = 8;
	double v[99];

	assert_true(stat_median(NULL, 0) == 0);
	for (size_t n = 1; n <= 99; n++)
		for (int r = 0; r < 20; r++) {
			size_t below = 0, above = 0;
			double m;

			/* Few different values: ties. */
			for (size_t i = 0; i < n; i++)
				v[i] = floor(test_uniform(&seed) * (r < 10 ? 5 : 1e6));
			m = stat_median(v, n);
			for (size_t i = 0; i < n; i++) {
				below += v[i] < m;
				above += v[i] > m;
			}
			assert_true(below <= n / 2 && above <= n / 2);
		}
	assert_true(stat_median((double[]){4, 1, 3, 2}, 4) == 2.5);
}

static void odd_input(void **state)
{
	const double v[] = {3, 1, 2, 4, 5}, same[] = {7, 7, 7, 7, 7}, zero[] = {1, 1, 0, 1, 1};
	const double zeros[5] = {0}, inf[] = {1, 2, INFINITY, 4, 5};
	static double many[BOOT_MAX + 1];
	struct interval i = boot_median(v, 4, 0.95, 1), j;

	assert_false(i.known);
	assert_true(i.mid == 2.5);
	i = boot_median(same, 5, 0.95, 1);
	assert_true(i.known && i.lo == 7 && i.hi == 7);
	i = boot_median(zeros, 5, 0.95, 1);
	assert_true(i.known && i.lo == 0 && i.hi == 0 && boot_settled(&i, 0.01));
	i = boot_median(v, 5, 0.95, 42);
	j = boot_median(v, 5, 0.95, 42);
	assert_memory_equal(&i.lo, &j.lo, sizeof(i.lo));
	assert_memory_equal(&i.hi, &j.hi, sizeof(i.hi));
	assert_true(v[0] == 3 && v[1] == 1);
	assert_false(boot_median(inf, 5, 0.95, 1).known);
	assert_false(boot_median(many, BOOT_MAX + 1, 0.95, 1).known);
	assert_false(boot_median(v, 5, 1, 1).known);

	assert_false(boot_ratio(v, zero, 5, 0.95, 1).known);
	assert_false(boot_ratio(zero, v, 5, 0.95, 1).known);
	assert_false(boot_ratio(v, inf, 5, 0.95, 1).known);
	assert_false(boot_ratio(v, same, 4, 0.95, 1).known);
	assert_false(boot_ratio(v, v, 0, 0.95, 1).known);
	i = boot_ratio(v, v, 5, 0.99, 1);
	assert_true(i.known && i.lo == 1 && i.hi == 1);
	assert_int_equal(boot_verdict(&i, false), VERDICT_CANNOT_TELL);
	for (size_t k = 0; k < BOOT_MAX; k++)
		many[k] = (double)(k * 37 % 101);
	i = boot_median(many, BOOT_MAX, 0.95, 1);
	assert_true(i.known && i.lo < i.mid && i.hi > i.mid && i.hi - i.lo < 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians),	 cmocka_unit_test(odd_input),
		cmocka_unit_test(verdicts),	 cmocka_unit_test(ratio_covers),
		cmocka_unit_test(median_covers), cmocka_unit_test(faster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
