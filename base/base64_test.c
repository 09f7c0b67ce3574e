/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648 10. */
static void as_the_standard_says(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {{"", ""},
		     {"f", "Zg=="},
		     {"fo", "Zm8="},
		     {"foo", "Zm9v"},
		     {"foob", "Zm9vYg=="},
		     {"fooba", "Zm9vYmE="},
		     {"foobar", "Zm9vYmFy"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].bytes);
		uint8_t back[8];
		char text[16];

		base64_encode((const uint8_t *)cases[i].bytes, n, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(strlen(text), BASE64_TEXT(n));
		assert_int_equal(base64_decode(text, back, n), n);
		assert_memory_equal(back, cases[i].bytes, n);
	}
}

static void all_bytes_come_back(void **state)
{
	uint8_t bytes[256], back[256];
	char text[BASE64_TEXT(256) + 1];

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(i * 37 + n);
		base64_encode(bytes, n, text);
		assert_int_equal(base64_decode(text, back, sizeof(back)), n);
		assert_memory_equal(back, bytes, n);
	}
}

static void what_is_none_is_refused(void **state)
{
	static const char *const texts[] = {
		"Z",	  "Zg",	     "Zg=",  "Zg==Zg==", "=g==", "Z===", "====",
		"Zm9v\n", "Zm\x80v", "Zh==", "Zm9=",	 "Zm-v", "Z=9v", "Zm9vZm9vZm9v"};
	uint8_t back[8];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(base64_decode(texts[i], back, sizeof(back)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_standard_says),
		cmocka_unit_test(all_bytes_come_back),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
