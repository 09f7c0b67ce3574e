/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors sent over a real socket: they arrive, and none is left open that has no place. */
#include "base/passfd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned int open_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Sends a descriptor n times, takes up to max of them; how many were taken. */
static unsigned int pass(unsigned int n, unsigned int max, int *got)
{
	int pair[2], fds[PASSFD_MAX];
	char byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union passfd_control control;
	unsigned int taken = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	for (unsigned int i = 0; i < n; i++)
		fds[i] = pair[0];
	passfd_put(&m, &control, fds, n);
	assert_int_equal(sendmsg(pair[0], &m, 0), 1);
	m = (struct msghdr){.msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control)};
	assert_int_equal(recvmsg(pair[1], &m, MSG_CMSG_CLOEXEC), 1);
	passfd_take(&m, got, &taken, max);
	close(pair[0]);
	close(pair[1]);
	return taken;
}

static void all_arrive(void **state)
{
	unsigned int before = open_fds();
	int got[PASSFD_MAX];

	(void)state;
	for (unsigned int n = 0; n <= PASSFD_MAX; n++) {
		assert_int_equal(pass(n, PASSFD_MAX, got), n);
		for (unsigned int i = 0; i < n; i++) {
			assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
			close(got[i]);
		}
		assert_int_equal(open_fds(), before);
	}
}

static void what_has_no_place_is_closed(void **state)
{
	unsigned int before = open_fds();
	int got[PASSFD_MAX];

	(void)state;
	assert_int_equal(pass(PASSFD_MAX, 2, got), 2);
	close(got[0]);
	close(got[1]);
	assert_int_equal(open_fds(), before);
	assert_int_equal(pass(3, 0, NULL), 0);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_arrive),
		cmocka_unit_test(what_has_no_place_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
