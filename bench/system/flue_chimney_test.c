/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/system/flue_chimney.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct system_chimney read_text(const char *text)
{
	json_t *shown = json_loads(text, 0, NULL);
	struct system_chimney c;

	assert_non_null(shown);
	flue_chimney_read(shown, &c);
	json_decref(shown);
	return c;
}

static void counts(void **state)
{
	struct system_chimney c = read_text(
		"{\"connections\":3,\"counts\":{\"offloaded\":5,\"uploaded\":2,\"lost\":1,"
		"\"refused\":{\"no_path\":4,\"ulp\":0,\"busy\":2},"
		"\"upload_reasons\":{\"requested\":2}},"
		"\"flows\":[{\"where\":\"offloaded\"},{\"where\":\"starting\"},{\"where\":"
		"\"offloaded\"}]}");

	assert_int_equal(c.connections, 2);
	assert_int_equal(c.offloaded, 5);
	assert_int_equal(c.uploaded, 2);
	assert_int_equal(c.lost, 1);
	assert_string_equal(c.why, "refused: no_path 4, busy 2; went back: requested 2");
}

static void nothing(void **state)
{
	struct system_chimney c = read_text("{}");

	assert_int_equal(c.connections, 0);
	assert_int_equal(c.offloaded, 0);
	assert_string_equal(c.why, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(counts), cmocka_unit_test(nothing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
