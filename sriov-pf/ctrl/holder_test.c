/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/holder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define UP_TO_21 " S 1 7 7 0 -1 4194304 1 0 0 0 2 3 0 0 20 0 1 0 "

static void test_parse(void **state)
{
	assert_int_equal(holder_parse_stat("7 (sh)" UP_TO_21 "4711 1 2 3"), 4711);
	/* A process may call itself anything. */
	assert_int_equal(holder_parse_stat("7 (a) b (c)" UP_TO_21 "4711 1 2 3"), 4711);
	assert_int_equal(holder_parse_stat("7 (sh)" UP_TO_21 "4711"), 4711);
	assert_int_equal(holder_parse_stat(""), 0);
	assert_int_equal(holder_parse_stat("7 (sh"), 0);
	assert_int_equal(holder_parse_stat("7 (sh) S 1 2"), 0);
	assert_int_equal(holder_parse_stat("7 (sh)" UP_TO_21), 0);
	assert_int_equal(holder_parse_stat("7 (sh)" UP_TO_21 "x 1"), 0);
}

static void test_processes(void **state)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_true(holder_start_time(getpid()) > 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(holder_start_time(pid), 0);
}

/* A number that passed to another process is not the holder. */
static void test_another_process(void **state)
{
	struct ctrl c = {.base = event_base_new()};
	struct lease l = {.pid = getpid(), .start = holder_start_time(getpid())};

	assert_int_equal(holder_watch(&c, &l, -1), 0);
	assert_non_null(l.run);
	l.start++;
	assert_int_equal(holder_watch(&c, &l, -1), -ESRCH);
	assert_null(l.run);
	event_base_free(c.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_another_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
