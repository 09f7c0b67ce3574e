/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/restart.h"
#include "hv-core/console_escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void policy_says_what_follows(void **state)
{
	static const struct {
		enum hv_how how;
		bool never, on_failure, always;
	} want[] = {
		{HV_HOW_POWER_OFF, false, false, true}, {HV_HOW_RESET, true, true, true},
		{HV_HOW_CRASH, false, true, true},	{HV_HOW_STOPPED, false, false, false},
		{HV_HOW_FAILED, false, true, true},	{HV_HOW_DIED, false, true, true},
		{HV_HOW_FORBIDDEN, false, true, true},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		enum hv_how how = want[i].how;

		assert_int_equal(hv_restart_again(HV_RESTART_NEVER, how, false, false),
				 want[i].never);
		assert_int_equal(hv_restart_again(HV_RESTART_ON_FAILURE, how, false, false),
				 want[i].on_failure);
		assert_int_equal(hv_restart_again(HV_RESTART_ALWAYS, how, false, false),
				 want[i].always);
		/* Told to end, it ends. */
		assert_false(hv_restart_again(HV_RESTART_ALWAYS, how, true, false));
	}
	/* What cannot begin the first time would not the second. */
	assert_false(hv_restart_again(HV_RESTART_ALWAYS, HV_HOW_FAILED, false, true));
}

static void delays_grow_and_end(void **state)
{
	assert_int_equal(hv_restart_delay_ms(HV_HOW_RESET, 0), 0);
	assert_int_equal(hv_restart_delay_ms(HV_HOW_RESET, 3), 0);
	assert_int_equal(hv_restart_delay_ms(HV_HOW_RESET, 4), 100);
	assert_int_equal(hv_restart_delay_ms(HV_HOW_CRASH, 0), 100);
	assert_int_equal(hv_restart_delay_ms(HV_HOW_CRASH, 3), 800);
	assert_int_equal(hv_restart_delay_ms(HV_HOW_CRASH, 1000000), 30000);
}

static void status_says_how_it_ended(void **state)
{
	assert_int_equal(hv_restart_status(HV_HOW_POWER_OFF, false), HV_EXIT_OK);
	assert_int_equal(hv_restart_status(HV_HOW_STOPPED, false), HV_EXIT_OK);
	assert_int_equal(hv_restart_status(HV_HOW_FAILED, false), HV_EXIT_FAILED);
	assert_int_equal(hv_restart_status(HV_HOW_CRASH, false), HV_EXIT_CRASH);
	assert_int_equal(hv_restart_status(HV_HOW_DIED, false), HV_EXIT_DIED);
	assert_int_equal(hv_restart_status(HV_HOW_DIED, true), HV_EXIT_FORCED);
	assert_int_equal(hv_restart_status(HV_HOW_FORBIDDEN, false), HV_EXIT_FORBIDDEN);
}

static void ctrl_a_leads_out(void **state)
{
	bool begun = false;

	assert_int_equal(hv_escape(&begun, 'x'), HV_ESCAPE_PASS);
	assert_int_equal(hv_escape(&begun, 1), HV_ESCAPE_NONE);
	assert_int_equal(hv_escape(&begun, 'x'), HV_ESCAPE_KILL);
	assert_int_equal(hv_escape(&begun, 1), HV_ESCAPE_NONE);
	assert_int_equal(hv_escape(&begun, 1), HV_ESCAPE_PASS);
	assert_int_equal(hv_escape(&begun, 'p'), HV_ESCAPE_PASS);
	assert_int_equal(hv_escape(&begun, 1), HV_ESCAPE_NONE);
	assert_int_equal(hv_escape(&begun, 'p'), HV_ESCAPE_POWER);
	assert_int_equal(hv_escape(&begun, 1), HV_ESCAPE_NONE);
	assert_int_equal(hv_escape(&begun, '?'), HV_ESCAPE_HELP);
	assert_int_equal(hv_escape(&begun, '?'), HV_ESCAPE_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_says_what_follows),
		cmocka_unit_test(delays_grow_and_end),
		cmocka_unit_test(status_says_how_it_ended),
		cmocka_unit_test(ctrl_a_leads_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
