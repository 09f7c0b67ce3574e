/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/wake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

static uint64_t count_of(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static void counts(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct chim_waker w;

	if (chim_waker_init(&w) != 0)
		skip();
	for (int i = 0; i < 1000; i++)
		chim_waker_wake(&w, fd);
	assert_int_equal(1000, count_of(fd));
	chim_waker_fini(&w);
	close(fd);
}

/* The test would hang here. */
static void does_not_wait(void **state)
{
	int fd = eventfd(0, EFD_CLOEXEC), other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const uint64_t most = UINT64_MAX - 1;
	struct chim_waker w;

	if (chim_waker_init(&w) != 0)
		skip();
	assert_int_equal(sizeof(most), write(fd, &most, sizeof(most)));
	for (int i = 0; i < 200; i++) {
		chim_waker_wake(&w, fd);
		chim_waker_wake(&w, other);
	}
	assert_int_equal(200, count_of(other));
	chim_waker_fini(&w);
	close(fd);
	close(other);
}

/* Without asynchronous I/O. */
static void writes(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct chim_waker w = {0};

	chim_waker_wake(&w, fd);
	chim_waker_wake(&w, fd);
	assert_int_equal(2, count_of(fd));
	chim_waker_fini(&w);
	close(fd);
}

/* One that is no eventfd (any more) changes nothing. */
static void survives_others(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct chim_waker w;

	if (chim_waker_init(&w) != 0)
		skip();
	for (int i = 0; i < 100; i++)
		chim_waker_wake(&w, -1);
	chim_waker_wake(&w, fd);
	assert_int_equal(1, count_of(fd));
	chim_waker_fini(&w);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(does_not_wait),
		cmocka_unit_test(writes),
		cmocka_unit_test(survives_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
