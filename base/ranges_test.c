/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/ranges.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static void round_trip(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},	  {"10", "10"},		{"10,20-30", "10,20-30"},
		{"3,2,1", "1-3"}, {"1-4094", "1-4094"},
	};
	uint64_t bits[64];
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ranges_parse(cases[i][0], bits, 4096, 1, 4094), 0);
		assert_int_equal(ranges_format(bits, 4096, text, sizeof(text)),
				 strlen(cases[i][1]));
		assert_string_equal(text, cases[i][1]);
	}
}

static void refuses(void **state)
{
	static const char *const bad[] = {"a", "1,", ",1", "1-", "-1", "5-3", "1 2", "99999999999"};
	uint64_t bits[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ranges_parse(bad[i], bits, 4096, 1, 4094), -EINVAL);
		for (int w = 0; w < 64; w++)
			assert_int_equal(bits[w], 0);
	}
	assert_int_equal(ranges_parse("0", bits, 4096, 1, 4094), -ERANGE);
	assert_int_equal(ranges_parse("4090-4095", bits, 4096, 1, 4094), -ERANGE);
}

static void too_small(void **state)
{
	uint64_t bits[1] = {0};
	char text[4];

	assert_int_equal(ranges_parse("1,3,5", bits, 64, 0, 63), 0);
	assert_int_equal(ranges_format(bits, 64, text, sizeof(text)), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(refuses),
		cmocka_unit_test(too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
