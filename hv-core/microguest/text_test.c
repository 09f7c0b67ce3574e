/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void writes_json(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0xab, 0, 0, 0x1f};
	struct mg_text t;
	char out[256];

	mg_text_init(&t, out, sizeof(out));
	mg_json_open(&t, NULL, '{');
	mg_json_number(&t, "n", UINT64_MAX);
	mg_json_mac(&t, "mac", mac);
	mg_json_hex(&t, "f", 0x100000020);
	mg_json_hex(&t, "zero", 0);
	mg_json_open(&t, "list", '[');
	mg_json_open(&t, NULL, '[');
	mg_json_number(&t, NULL, 0);
	mg_json_number(&t, NULL, 10);
	mg_json_close(&t, ']');
	mg_json_open(&t, NULL, '{');
	mg_json_close(&t, '}');
	mg_json_close(&t, ']');
	mg_json_string(&t, "s", "a\"b\\c\n");
	mg_json_close(&t, '}');
	assert_string_equal(out, "{\"n\":18446744073709551615,\"mac\":\"02:00:ab:00:00:1f\","
				 "\"f\":\"0x100000020\",\"zero\":\"0x0\",\"list\":[[0,10],{}],"
				 "\"s\":\"a\\\"b\\\\c\\u000a\"}");
	assert_false(t.full);
}

static void stops_at_the_end(void **state)
{
	char out[8] = "zzzzzzz";
	struct mg_text t;

	mg_text_init(&t, out, 5);
	mg_text_number(&t, 1234567);
	assert_string_equal(out, "1234");
	assert_true(t.full);
	assert_int_equal(out[5], 'z');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_json),
		cmocka_unit_test(stops_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
