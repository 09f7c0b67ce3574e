/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/impair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

static void all_words(void **state)
{
	struct impair i;

	assert_int_equal(impair_parse("loss 1% delay 10ms jitter 2.5ms reorder 0.5% "
				      "duplicate 100% rate 1.5gbit limit 7 seed 9",
				      &i, NULL),
			 0);
	assert_true(i.on);
	assert_in_range(i.loss, UINT32_MAX / 100 - 1, UINT32_MAX / 100 + 1);
	assert_in_range(i.reorder, UINT32_MAX / 200 - 1, UINT32_MAX / 200 + 1);
	assert_int_equal(i.duplicate, UINT32_MAX);
	assert_int_equal(i.delay_ns, 10000000);
	assert_int_equal(i.jitter_ns, 2500000);
	assert_int_equal(i.rate_bps, 1500000000);
	assert_int_equal(i.limit, 7);
	assert_int_equal(i.seed, 9);
}

static void alone(void **state)
{
	struct impair i;

	assert_int_equal(impair_parse("  delay\t150us ", &i, NULL), 0);
	assert_true(i.on);
	assert_int_equal(i.delay_ns, 150000);
	assert_int_equal(i.limit, IMPAIR_LIMIT);
	assert_int_equal(i.loss + i.rate_bps + i.seed, 0);
	assert_int_equal(impair_parse("rate 1000gbit", &i, NULL), 0);
	assert_int_equal(i.rate_bps, UINT64_C(1000000000000));
	assert_int_equal(impair_parse("delay 10s", &i, NULL), 0);
	assert_int_equal(i.delay_ns, UINT64_C(10000000000));
	assert_int_equal(impair_parse("loss 0.000001%", &i, NULL), 0);
	assert_int_equal(i.loss, 42);
	assert_int_equal(impair_parse("loss 0%", &i, NULL), 0);
	assert_int_equal(i.loss, 0);
	assert_true(i.on);
}

static void nothing(void **state)
{
	static const struct impair off;
	struct impair i = {.on = true, .loss = 1};

	assert_int_equal(impair_parse("none", &i, NULL), 0);
	assert_memory_equal(&i, &off, sizeof(i));
	i.on = true;
	assert_int_equal(impair_parse(NULL, &i, NULL), 0);
	assert_false(i.on);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "say none"},
		{"  ", "say none"},
		{"los 1%", "'los' is not"},
		{"none loss 1%", "'none' is not"},
		{"loss", "after 'loss' comes a percentage"},
		{"loss 1", "after 'loss' comes a percentage"},
		{"loss 100.1%", "after 'loss' comes a percentage"},
		{"loss -1%", "after 'loss' comes a percentage"},
		{"loss .5%", "after 'loss' comes a percentage"},
		{"loss 5.%", "after 'loss' comes a percentage"},
		{"loss 0.0000001%", "after 'loss' comes a percentage"},
		{"loss 1% loss 2%", "'loss' twice"},
		{"delay 10", "after 'delay' comes a time"},
		{"delay 10.1s", "after 'delay' comes a time"},
		{"delay 999999999s", "after 'delay' comes a time"},
		{"delay 9999999999us", "after 'delay' comes a time"},
		{"delay 1ms jitter 2ms", "raise delay"},
		{"reorder 1%", "name a delay"},
		{"rate 100", "after 'rate' comes a rate"},
		{"rate 0.5kbit", "after 'rate' comes a rate"},
		{"rate 999999999gbit", "after 'rate' comes a rate"},
		{"limit 0", "from 1 to 65536"},
		{"limit 1.5", "from 1 to 65536"},
		{"limit 65537", "from 1 to 65536"},
		{"seed 0", "from 1 to 999999999"},
		{"loss 1% 1111111111111111111111111", "say none"},
		{"delay 1111111111111111111111111ms", "after 'delay' comes a time"},
	};

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct impair i = {.seed = 77};
		struct err e = {0};

		assert_int_equal(impair_parse(cases[k].text, &i, &e), -EINVAL);
		assert_non_null(strstr(e.text, cases[k].says));
		assert_int_equal(i.seed, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_words),
		cmocka_unit_test(alone),
		cmocka_unit_test(nothing),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
