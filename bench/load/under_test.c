/* SPDX-License-Identifier: BSD-3-Clause */
/* A program as it is, and under `flue chimney run`. */
#include "bench/load/under.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void alone(void **state)
{
	const char *const argv[] = {"sh", "-c", "true", NULL};
	struct err e = {0};
	struct under u;

	assert_int_equal(under_chimney(&u, NULL, argv, &e), 0);
	assert_string_equal(strrchr(u.argv[0], '/'), "/sh");
	assert_string_equal(u.argv[1], "-c");
	assert_string_equal(u.argv[2], "true");
	assert_null(u.argv[3]);
}

static void offered(void **state)
{
	const char *const argv[] = {"sh", "-c", "true", NULL};
	static const char *const want[] = {"chimney", "run", "socket", "/run/c.sock", "--"};
	struct err e = {0};
	struct under u;

	assert_int_equal(under_chimney(&u, "/run/c.sock", argv, &e), 0);
	assert_non_null(strstr(u.argv[0], "flue"));
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		assert_string_equal(u.argv[i + 1], want[i]);
	assert_string_equal(strrchr(u.argv[6], '/'), "/sh");
	assert_string_equal(u.argv[8], "true");
	assert_null(u.argv[9]);
}

static void what_cannot_be(void **state)
{
	const char *none[] = {"no-such-program", NULL}, *many[64];
	struct err e = {0};
	struct under u;

	assert_int_equal(under_chimney(&u, NULL, none, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no-such-program"));
	for (size_t i = 0; i < 63; i++)
		many[i] = "sh";
	many[63] = NULL;
	assert_int_equal(under_chimney(&u, NULL, many, &e), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(offered),
		cmocka_unit_test(what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
