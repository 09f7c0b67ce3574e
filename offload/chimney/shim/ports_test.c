/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/ports.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void ranges(void **state)
{
	assert_true(chim_ports_hold("80", 80));
	assert_false(chim_ports_hold("80", 81));
	assert_true(chim_ports_hold("80,443,8000-8100", 443));
	assert_true(chim_ports_hold("80,443,8000-8100", 8000));
	assert_true(chim_ports_hold("80,443,8000-8100", 8100));
	assert_false(chim_ports_hold("80,443,8000-8100", 8101));
	assert_false(chim_ports_hold("80,443,8000-8100", 7999));
}

/* What cannot be read offers nothing rather than everything. */
static void nonsense(void **state)
{
	assert_false(chim_ports_hold("http", 80));
	assert_false(chim_ports_hold("443;80", 80));
	assert_false(chim_ports_hold("443-", 443));
	assert_false(chim_ports_hold("90-80", 85));
	assert_false(chim_ports_hold(",80", 80));
	assert_true(chim_ports_hold("80,", 80));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
