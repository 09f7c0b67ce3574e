/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hist.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 100000 };

static struct hist h, other;
static uint64_t values[SAMPLES];

/* Are the two within the relative error that hist.h promises? */
static void assert_near(uint64_t found, uint64_t truth)
{
	uint64_t off = found > truth ? found - truth : truth - found;

	if (off * HIST_SUB > truth)
		fail_msg("%llu is not %llu", (unsigned long long)found, (unsigned long long)truth);
}

/* A number between 0 and 1, neither of them. */
static double uniform(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double a_uniform(uint64_t *s)
{
	return 1e6 * uniform(s);
}

static double an_exponential(uint64_t *s)
{
	return -20000 * log(uniform(s));
}

static double a_lognormal(uint64_t *s)
{
	return exp(10 + 1.5 * sqrt(-2 * log(uniform(s))) * cos(2 * M_PI * uniform(s)));
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void buckets(void **state)
{
	uint32_t last = 0;

	for (uint64_t v = 0; v < HIST_LARGEST; v += 1 + v / 1000) {
		uint32_t i = hist_index(v);

		assert_true(i < HIST_BUCKETS && i >= last && i <= last + 1);
		assert_near(hist_value(i), v);
		assert_int_equal(hist_index(hist_value(i)), i);
		last = i;
	}
	assert_int_equal(hist_index(HIST_LARGEST), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(UINT64_MAX), HIST_BUCKETS - 1);
	for (uint64_t v = 0; v < 2 * HIST_SUB; v++)
		assert_int_equal(hist_value(hist_index(v)), v);
}

/* Against the sorted samples themselves. */
static void percentiles(void **state)
{
	static double (*const draw[])(uint64_t *) = {a_uniform, an_exponential, a_lognormal};
	static const double percents[] = {0.1, 1, 25, 50, 90, 99, 99.9, 99.99};

	for (size_t d = 0; d < 3; d++) {
		uint64_t seed = d + 1, found;
		double sum = 0;

		hist_reset(&h);
		for (size_t i = 0; i < SAMPLES; i++) {
			values[i] = (uint64_t)draw[d](&seed);
			hist_add(&h, values[i]);
			sum += (double)values[i];
		}
		qsort(values, SAMPLES, sizeof(values[0]), ascending);
		for (size_t p = 0; p < sizeof(percents) / sizeof(percents[0]); p++) {
			size_t rank = (size_t)llround(percents[p] / 100 * SAMPLES);

			assert_true(hist_percentile(&h, percents[p], &found));
			assert_near(found, values[rank - 1]);
		}
		assert_int_equal(h.min, values[0]);
		assert_int_equal(h.max, values[SAMPLES - 1]);
		assert_true(fabs(hist_mean(&h) - sum / SAMPLES) < 1e-6 * sum / SAMPLES);
	}
}

static void tail(void **state)
{
	uint64_t found = 77;

	hist_reset(&h);
	assert_false(hist_percentile(&h, 50, &found));
	for (int i = 0; i < 9999; i++)
		hist_add(&h, 5);
	assert_false(hist_percentile(&h, 99.9, &found));
	assert_false(hist_percentile(&h, 100, &found));
	assert_false(hist_percentile(&h, 0, &found));
	assert_false(hist_percentile(&h, 0.05, &found));
	assert_false(hist_percentile(&h, -1, &found));
	assert_false(hist_percentile(&h, NAN, &found));
	assert_int_equal(found, 77);
	hist_add(&h, 5);
	assert_true(hist_percentile(&h, 99.9, &found));
	assert_int_equal(found, 5);
	assert_true(hist_percentile(&h, 0.1, &found));
	assert_false(hist_percentile(&h, 99.91, &found));
}

static void clipped(void **state)
{
	hist_reset(&h);
	assert_true(hist_mean(&h) == 0);
	hist_add(&h, HIST_LARGEST);
	assert_int_equal(h.clipped, 0);
	hist_add(&h, HIST_LARGEST + 1);
	hist_add(&h, UINT64_MAX);
	assert_int_equal(h.clipped, 2);
	assert_int_equal(h.total, 3);
	assert_int_equal(h.max, HIST_LARGEST);
	assert_int_equal(h.sum, 3 * HIST_LARGEST);
	assert_int_equal(h.count[HIST_BUCKETS - 1], 3);
}

static void merge(void **state)
{
	static struct hist whole;
	uint64_t seed = 9;

	hist_reset(&h);
	hist_reset(&other);
	hist_reset(&whole);
	hist_merge(&h, &other);
	assert_memory_equal(&h, &whole, sizeof(h));
	for (int i = 0; i < 5000; i++) {
		uint64_t v = (uint64_t)a_lognormal(&seed);

		hist_add(i % 3 ? &h : &other, v);
		hist_add(&whole, v);
	}
	hist_merge(&h, &other);
	assert_memory_equal(&h, &whole, sizeof(h));
	/* Into an empty one: its minimum of 0 is not a sample. */
	hist_reset(&other);
	hist_merge(&other, &whole);
	assert_memory_equal(&other, &whole, sizeof(h));
}

static void json(void **state)
{
	uint64_t seed = 4;
	json_t *j;

	hist_reset(&h);
	for (int round = 0; round < 3; round++) {
		j = hist_to_json(&h);
		assert_non_null(j);
		assert_int_equal(hist_from_json(j, &other), 0);
		assert_memory_equal(&h, &other, sizeof(h));
		json_decref(j);
		for (int i = 0; i < 1000; i++)
			hist_add(&h, (uint64_t)a_lognormal(&seed));
		if (round == 1)
			hist_add(&h, UINT64_MAX);
	}
}

static void damaged_json(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':{}}",
		"{'min':5,'max':9,'sum':14,'count':3,'clipped':0,'buckets':[[5,1],[9,1]]}",
		"{'min':4,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,1],[9,1]]}",
		"{'min':5,'max':8,'sum':14,'count':2,'clipped':0,'buckets':[[5,1],[9,1]]}",
		"{'min':5,'max':9,'sum':15,'count':2,'clipped':0,'buckets':[[5,1],[9,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':1,'buckets':[[5,1],[9,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[9,1],[5,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,1],[5,1],[9,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,1],[9,0],[9,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,1],[9,1,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,1.0],[9,1]]}",
		"{'min':5,'max':9,'sum':14.0,'count':2,'clipped':0,'buckets':[[5,1],[9,1]]}",
		"{'min':-5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[-5,1],[9,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,1],[999999,1]]}",
		"{'min':5,'max':9,'sum':14,'count':2,'clipped':0,'buckets':[[5,9999999999],[9,1]]}",
		"{'min':0,'max':0,'sum':7,'count':0,'clipped':0,'buckets':[]}",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *j;
		char *c;

		snprintf(text, sizeof(text), "%s", bad[i]);
		while ((c = strchr(text, '\'')) != NULL)
			*c = '"';
		j = json_loads(text, 0, NULL);
		assert_non_null(j);
		memset(&other, 1, sizeof(other));
		assert_int_equal(hist_from_json(j, &other), -EINVAL);
		assert_int_equal(other.total, 0);
		json_decref(j);
	}
	assert_int_equal(hist_from_json(NULL, &other), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),	cmocka_unit_test(percentiles),
		cmocka_unit_test(tail),		cmocka_unit_test(clipped),
		cmocka_unit_test(merge),	cmocka_unit_test(json),
		cmocka_unit_test(damaged_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
