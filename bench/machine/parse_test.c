/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void cpu_ticks(void **state)
{
	struct cpu_ticks t;

	assert_true(parse_cpu_ticks("cpu  10 20 30 400 5 6 7 8 9 10\n"
				    "cpu0 5 10 15 200 2 3 3 4 4 5\n"
				    "cpu1 5 10 15 200 3 3 4 4 5 5\n"
				    "intr 4096 1\n",
				    &t));
	assert_int_equal(t.busy, 10 + 20 + 30 + 6 + 7);
	assert_int_equal(t.steal, 8);
	assert_int_equal(t.cpus, 2);
	/* Kernels from before 2.6.11 have no steal: then nothing is known. */
	assert_false(parse_cpu_ticks("cpu  10 20 30 400 5 6 7\ncpu0 1\n", &t));
	assert_false(parse_cpu_ticks("cpu  10 20 30 400 5 6 7 8\n", &t));
	assert_false(parse_cpu_ticks("", &t));
}

static void pid_stat(void **state)
{
	struct pid_stat s;
	char text[200];

	assert_true(
		parse_pid_stat("42 (plain) R 17 5 5 0 -1 4194304 1 2 3 4 100 50 30 20 20 0 1", &s));
	assert_int_equal(s.state, 'R');
	assert_int_equal(s.ppid, 17);
	assert_int_equal(s.own_ticks, 150);
	assert_int_equal(s.children_ticks, 50);
	assert_false(s.kernel_thread);

	static const char *const names[] = {"a b", ") R 1 (x", "((", "))", ") Z 99 9 9 0 -1 0", ""};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strcpy(text, "42 (");
		strcat(text, names[i]);
		strcat(text, ") S 17 5 5 0 -1 2129984 1 2 3 4 100 50 30 20 20 0 1");
		assert_true(parse_pid_stat(text, &s));
		assert_int_equal(s.state, 'S');
		assert_int_equal(s.ppid, 17);
		assert_int_equal(s.own_ticks, 150);
		assert_true(s.kernel_thread);
	}
	assert_false(parse_pid_stat("42 (cut) S 17 5 5 0 -1 4194304 1 2 3", &s));
	assert_false(parse_pid_stat("", &s));
}

static void cpu_list(void **state)
{
	assert_int_equal(parse_cpu_list(""), 0);
	assert_int_equal(parse_cpu_list("3"), 1);
	assert_int_equal(parse_cpu_list("0-3,8"), 5);
	assert_int_equal(parse_cpu_list("3-0"), -1);
	assert_int_equal(parse_cpu_list("0-"), -1);
	assert_int_equal(parse_cpu_list("0-4096"), -1);
	assert_int_equal(parse_cpu_list("99999999999999999999"), -1);
	assert_int_equal(parse_cpu_list("(null)"), -1);
	assert_int_equal(parse_cpu_list("1;2"), -1);
}

static void field(void **state)
{
	static const char text[] = "processor\t: 0\nmodel name\t: Fast One @ 3\nmodel name\t: B\n"
				   "MemTotal:       24000 kB\nend\t: ";
	char value[32];

	assert_true(parse_field(text, "model name", value, sizeof(value)));
	assert_string_equal(value, "Fast One @ 3");
	assert_true(parse_field(text, "MemTotal", value, sizeof(value)));
	assert_string_equal(value, "24000 kB");
	assert_true(parse_field(text, "end", value, sizeof(value)));
	assert_string_equal(value, "");
	/* The beginning of a key is not the key. */
	assert_false(parse_field(text, "model", value, sizeof(value)));
	assert_false(parse_field("", "model", value, sizeof(value)));
}

static void choice(void **state)
{
	char value[32];

	assert_true(parse_choice("always [madvise] never", value, sizeof(value)));
	assert_string_equal(value, "madvise");
	assert_false(parse_choice("always madvise", value, sizeof(value)));
	assert_false(parse_choice("never] [x", value, sizeof(value)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_ticks), cmocka_unit_test(pid_stat), cmocka_unit_test(cpu_list),
		cmocka_unit_test(field),     cmocka_unit_test(choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
