/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/pf_store.XXXXXX";
static int die_at;

static void count(const char *name)
{
	if (die_at-- == 0)
		_exit(7);
}

static int value(void)
{
	json_t *json = store_read(dir, "x", NULL);
	int v = (int)json_get_int(json, "v", -1);

	json_decref(json);
	return v;
}

static void put(int v, store_point point)
{
	json_t *json = json_pack("{s:i}", "v", v);

	assert_int_equal(store_write(dir, "x", json, point, NULL), 0);
	json_decref(json);
}

/* Whatever the moment, the file is the old one or the new one. */
static void test_dies_anywhere(void **state)
{
	int status, died = 0;

	for (int n = 0;; n++) {
		pid_t pid;

		put(1, NULL);
		pid = fork();
		if (pid == 0) {
			die_at = n;
			put(2, count);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status == 0)
			break;
		died++;
		assert_int_equal(WEXITSTATUS(status), 7);
		assert_int_equal(value(), n < 3 ? 1 : 2);
	}
	assert_int_equal(died, 4);
	assert_int_equal(value(), 2);
}

static void test_errors(void **state)
{
	struct err e = {0};
	char path[64];
	FILE *f;

	assert_null(store_read(dir, "none", &e));
	assert_int_equal(e.code, -ENOENT);
	snprintf(path, sizeof(path), "%s/bad", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("{\"v\":", f);
	fclose(f);
	assert_null(store_read(dir, "bad", &e));
	assert_int_equal(e.code, -EBADMSG);
	unlink(path);
	assert_int_equal(store_write("/there/is/none", "x", json_true(), NULL, &e), -ENOENT);
}

static void test_make_dir(void **state)
{
	char deep[64];

	snprintf(deep, sizeof(deep), "%s/a/b", dir);
	assert_int_equal(store_make_dir(deep, NULL), 0);
	assert_int_equal(store_make_dir(deep, NULL), 0);
	assert_int_equal(access(deep, W_OK), 0);
	rmdir(deep);
	snprintf(deep, sizeof(deep), "%s/a", dir);
	rmdir(deep);
}

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/x", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/x.part", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dies_anywhere),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_make_dir),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
