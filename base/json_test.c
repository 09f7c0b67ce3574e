/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void wrong_type_is_default(void **state)
{
	json_t *o = json_pack("{s:i,s:s,s:b}", "n", 7, "s", "x", "b", 1);

	assert_int_equal(json_get_int(o, "n", 1), 7);
	assert_int_equal(json_get_int(o, "s", 1), 1);
	assert_string_equal(json_get_str(o, "s", "d"), "x");
	assert_string_equal(json_get_str(o, "n", "d"), "d");
	assert_true(json_get_bool(o, "b", false));
	assert_true(json_get_bool(o, "absent", true));
	json_decref(o);
}

static void find_by_member(void **state)
{
	json_t *a = json_pack("[{s:s},{s:i},{s:s}]", "name", "a", "name", 1, "name", "b");

	assert_ptr_equal(json_find(a, "name", "b"), json_array_get(a, 2));
	assert_null(json_find(a, "name", "c"));
	json_decref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_type_is_default),
		cmocka_unit_test(find_by_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
