/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void there_and_back(void **state)
{
	static const char *const texts[] = {
		"10.0.0.1:1",
		"255.255.255.255:65535",
		"[::]:80",
		"[fd00::1]:5201",
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	};
	char text[ENDPOINT_TEXT];
	struct endpoint ep;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(endpoint_parse(texts[i], &ep));
		assert_string_equal(endpoint_format(&ep, text), texts[i]);
	}
	assert_true(endpoint_parse("10.0.0.1:258", &ep));
	assert_false(ep.v6);
	assert_memory_equal(ep.addr, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(&ep.port, "\1\2", 2);
}

static void nothing_else(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"10.0.0.1",
		"10.0.0.1:",
		"10.0.0.1:0",
		"10.0.0:80",
		"10.0.0.1:65536",
		"10.0.0.1: 80",
		"10.0.0.1:+8",
		"10.0.0.1:80x",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[]:80",
		"[:80",
		"[10.0.0.1]:80",
		"fe80::1%eth0:80",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80",
	};
	struct endpoint ep = {.port = 7};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(endpoint_parse(texts[i], &ep));
	assert_false(endpoint_parse(NULL, &ep));
	assert_int_equal(ep.port, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
