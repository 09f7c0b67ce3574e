/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void what_was_written_is_read(void **state)
{
	struct hv_out o = {0};
	char text[5] = {0};

	hv_out_u8(&o, 0x12);
	hv_out_u16(&o, 0x3456);
	hv_out_u32(&o, 0x789abcde);
	hv_out_u64(&o, 0x123456789abcdef0);
	hv_out_bytes(&o, "text", 4);
	assert_false(o.failed);
	assert_int_equal(o.len, 19);
	/* The first number's bytes, least significant first. */
	assert_memory_equal(o.buf, "\x12\x56\x34\xde\xbc\x9a\x78", 7);

	struct hv_in in = {o.buf, o.len, false};
	assert_int_equal(hv_in_u8(&in), 0x12);
	assert_int_equal(hv_in_u16(&in), 0x3456);
	assert_int_equal(hv_in_u32(&in), 0x789abcde);
	assert_true(hv_in_u64(&in) == 0x123456789abcdef0);
	hv_in_bytes(&in, text, 4);
	assert_string_equal(text, "text");
	assert_int_equal(hv_in_end(&in, "a test", NULL), 0);
	hv_out_free(&o);
}

static void every_shorter_input_is_bad(void **state)
{
	struct hv_out o = {0};

	for (int i = 0; i < 400; i++)
		hv_out_u32(&o, (uint32_t)i);
	for (size_t len = 0; len < o.len; len++) {
		struct hv_in in = {o.buf, len, false};
		struct err e = {0};

		for (int i = 0; i < 400; i++)
			assert_int_equal(hv_in_u32(&in), (size_t)i < len / 4 ? i : 0);
		assert_int_equal(hv_in_end(&in, "a test", &e), -EINVAL);
		assert_non_null(strstr(e.text, "a test"));
	}
	hv_out_free(&o);
}

static void what_is_left_over_is_an_error(void **state)
{
	struct hv_in in = {(const uint8_t *)"abc", 3, false};
	struct err e = {0};

	hv_in_u16(&in);
	assert_int_equal(hv_in_end(&in, "a test", &e), -EINVAL);
	assert_non_null(strstr(e.text, "1 bytes longer"));
}

static void a_number_above_its_bound_is_bad(void **state)
{
	struct hv_in in = {(const uint8_t *)"\7\0\0\0\7\0\0\0", 8, false};

	assert_int_equal(hv_in_max(&in, 7), 7);
	assert_false(in.bad);
	assert_int_equal(hv_in_max(&in, 6), 0);
	assert_true(in.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(every_shorter_input_is_bad),
		cmocka_unit_test(what_is_left_over_is_an_error),
		cmocka_unit_test(a_number_above_its_bound_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
