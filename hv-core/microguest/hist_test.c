/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/hist.h"

#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void buckets_follow_each_other(void **state)
{
	for (unsigned int i = 0; i + 1 < MG_HIST_BUCKETS; i++) {
		uint64_t low = mg_hist_floor(i), high = mg_hist_floor(i + 1);

		assert_true(low < high);
		assert_int_equal(mg_hist_bucket(low), i);
		assert_int_equal(mg_hist_bucket(high - 1), i);
		if (low >= 32)
			assert_true((high - low) * 32 <= low);
	}
	assert_true(mg_hist_bucket(UINT64_MAX) < MG_HIST_BUCKETS);
}

static void percentiles_are_near(void **state)
{
	static struct mg_hist h;
	static const unsigned int asked[] = {1, 5000, 9000, 9900, 9990, 10000};

	assert_int_equal(mg_hist_percentile(&h, 5000), 0);
	for (uint64_t v = 1; v <= 100000; v++)
		mg_hist_add(&h, v);
	assert_int_equal(h.min, 1);
	assert_int_equal(h.max, 100000);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		uint64_t exact = asked[i] * 10, got = mg_hist_percentile(&h, asked[i]);

		assert_in_range(got, exact, exact + exact / 31 + 1);
	}
	assert_int_equal(mg_hist_percentile(&h, 10000), 100000);
}

static void one_value_is_all(void **state)
{
	static struct mg_hist h;

	mg_hist_add(&h, 123456);
	assert_int_equal(mg_hist_percentile(&h, 1), 123456);
	assert_int_equal(mg_hist_percentile(&h, 9990), 123456);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other),
		cmocka_unit_test(percentiles_are_near),
		cmocka_unit_test(one_value_is_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
