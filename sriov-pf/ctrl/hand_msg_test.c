/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/hand_msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_take(void **state)
{
	static const char text[] = "{\"take\":{\"vf\":\"wan/12\",\"guest\":\"d\",\"nic\":\"n0\","
				   "\"memory\":[[0,4095]]}}";
	struct hand_msg m;

	assert_int_equal(hand_msg_parse(text, sizeof(text) - 1, &m, NULL), 0);
	assert_true(m.take);
	assert_string_equal(m.pf, "wan");
	assert_int_equal(m.vf, 12);
	assert_string_equal(m.guest, "d");
	assert_string_equal(m.nic, "n0");
	assert_int_equal(json_array_size(m.memory), 1);
	json_decref(m.root);
}

static void test_give(void **state)
{
	static const char text[] = "{\"give\":{\"vf\":\"a.b-c/0\",\"epoch\":7}}";
	struct hand_msg m;

	assert_int_equal(hand_msg_parse(text, sizeof(text) - 1, &m, NULL), 0);
	assert_false(m.take);
	assert_string_equal(m.pf, "a.b-c");
	assert_int_equal(m.epoch, 7);
	json_decref(m.root);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"take\":1}",
		"{\"take\":{\"vf\":\"wan/0\",\"guest\":\"d\"},\"give\":{\"vf\":\"wan/"
		"0\",\"epoch\":1}}",
		"{\"take\":{\"vf\":\"wan\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"/0\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"wan/\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"wan/-1\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"wan/1x\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"wan/4096\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"a-name-that-is-longer-than-a-name-may-be/"
		"0\",\"guest\":\"d\"}}",
		"{\"take\":{\"vf\":\"wan/0\"}}",
		"{\"take\":{\"vf\":\"wan/0\",\"guest\":\"../d\"}}",
		"{\"take\":{\"vf\":\"wan/0\",\"guest\":\".d\"}}",
		"{\"take\":{\"vf\":\"wan/0\",\"guest\":\"d\",\"nic\":\"\"}}",
		"{\"take\":{\"vf\":\"wan/0\",\"guest\":\"d\",\"memory\":7}}",
		"{\"give\":{\"vf\":\"wan/0\"}}",
		"{\"give\":{\"vf\":\"wan/0\",\"epoch\":0}}",
		"{\"give\":{\"vf\":\"wan/0\",\"epoch\":-7}}",
	};
	struct hand_msg m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = {0};

		assert_int_equal(hand_msg_parse(bad[i], strlen(bad[i]), &m, &e), -EINVAL);
		assert_true(e.text[0] != '\0');
	}
}

static void test_error(void **state)
{
	struct err e = {0};
	json_t *json, *error;

	err_set(&e, -EAGAIN, "soon");
	json = hand_msg_error(&e);
	error = json_object_get(json, "error");
	assert_string_equal(json_get_str(error, "errno", ""), "EAGAIN");
	assert_string_equal(json_get_str(error, "text", ""), "soon");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
