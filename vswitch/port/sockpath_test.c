/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/sockpath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/sockpath-XXXXXX", path[64];

/* A socket file at path. */
static int bound(int type)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static bool exists(void)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int setup(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int cleanup(void **state)
{
	unlink(path);
	return 0;
}

static int teardown(void **state)
{
	return rmdir(dir);
}

static void nothing_there(void **state)
{
	assert_int_equal(sockpath_clear(path, NULL), 0);
}

static void left_by_a_crash(void **state)
{
	close(bound(SOCK_STREAM));
	assert_true(exists());
	assert_int_equal(sockpath_clear(path, NULL), 0);
	assert_false(exists());
	close(bound(SOCK_STREAM)); /* the path is free indeed */
}

static void somebody_listens(void **state)
{
	int fd = bound(SOCK_STREAM), waiting[3];
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct err e = {0};

	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(sockpath_clear(path, &e), -EADDRINUSE);
	assert_int_equal(e.code, -EADDRINUSE);
	assert_non_null(strstr(e.text, path));
	assert_true(exists());
	/* Who has no place for another connection listens, too. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	for (int i = 0; i < 3; i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(waiting[i], (struct sockaddr *)&addr, sizeof(addr));
	}
	assert_int_equal(sockpath_clear(path, NULL), -EADDRINUSE);
	assert_true(exists());
	for (int i = 0; i < 3; i++)
		close(waiting[i]);
	close(fd);
	/* Bound and not listened on, as after a crash. */
	assert_int_equal(sockpath_clear(path, NULL), 0);
}

static void of_another_kind(void **state)
{
	int fd = bound(SOCK_DGRAM);

	assert_int_equal(sockpath_clear(path, NULL), -EADDRINUSE);
	assert_true(exists());
	close(fd);
}

static void no_socket(void **state)
{
	struct err e = {0};

	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(sockpath_clear(path, &e), -EEXIST);
	assert_non_null(strstr(e.text, path));
	assert_true(exists());
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sockpath_clear(path, NULL), -EEXIST);
	assert_int_equal(rmdir(path), 0);
	/* A link is not followed: what it points to is not ours to remove. */
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(sockpath_clear(path, NULL), -EEXIST);
	assert_true(exists());
}

static void no_way_there(void **state)
{
	struct err e = {0};
	char below[80];

	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(below, sizeof(below), "%s/x", path);
	assert_int_equal(sockpath_clear(below, &e), -ENOTDIR);
	assert_non_null(strstr(e.text, below));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_there, cleanup),
		cmocka_unit_test_teardown(left_by_a_crash, cleanup),
		cmocka_unit_test_teardown(somebody_listens, cleanup),
		cmocka_unit_test_teardown(of_another_kind, cleanup),
		cmocka_unit_test_teardown(no_socket, cleanup),
		cmocka_unit_test_teardown(no_way_there, cleanup),
	};

	if (setup(NULL) != 0)
		return 1;
	snprintf(path, sizeof(path), "%s/s", dir);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
