/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/err_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void errors_go_there_and_back(void **state)
{
	struct err e = {0}, back = {0};
	json_t *json;

	(void)state;
	err_at(&e, -EBUSY, "/vfs/3", "not now");
	json = err_to_json(&e);
	err_from_json(json, "it gives no reason", &back);
	assert_int_equal(back.code, -EBUSY);
	assert_string_equal(back.path, "/vfs/3");
	assert_string_equal(back.text, "not now");
	json_decref(json);
}

static void cut_text_is_sent_all_the_same(void **state)
{
	struct err e = {.code = -EINVAL, .text = "cut amid \xc3"}, back = {0};
	json_t *json = err_to_json(&e);

	(void)state;
	err_from_json(json, "it gives no reason", &back);
	assert_int_equal(back.code, -EINVAL);
	assert_non_null(strstr(back.text, "UTF-8"));
	json_decref(json);
}

static void whatever_comes_is_an_error(void **state)
{
	static const json_int_t odd[] = {0, 1, -5000};
	struct err back = {0};
	json_t *json = json_pack("{s:i,s:i}", "code", 5, "text", 7);

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_object_set_new(json, "code", json_integer(odd[i]));
		err_from_json(json, "it gives no reason", &back);
		assert_int_equal(back.code, -EIO);
		assert_string_equal(back.text, "it gives no reason");
	}
	json_decref(json);
	err_from_json(NULL, "it gives no reason", &back);
	assert_int_equal(back.code, -EIO);
}

static void names_of_errors(void **state)
{
	(void)state;
	assert_int_equal(err_code_of_name("EBUSY", -EIO), -EBUSY);
	assert_int_equal(err_code_of_name("EHWPOISON", -EIO), -EHWPOISON);
	assert_int_equal(err_code_of_name("", -EPROTO), -EPROTO);
	assert_int_equal(err_code_of_name("busy", -EPROTO), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_go_there_and_back),
		cmocka_unit_test(cut_text_is_sent_all_the_same),
		cmocka_unit_test(whatever_comes_is_an_error),
		cmocka_unit_test(names_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
