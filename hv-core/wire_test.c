/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/wire.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static void messages_keep_their_bounds(void **state)
{
	int fd[2], ret;
	json_t *a = json_pack("{s:i}", "id", 1), *b = json_pack("{s:i}", "id", 2), *got;

	assert_int_equal(hv_wire_pair(fd), 0);
	assert_null(hv_wire_receive(fd[1], NULL, &ret));
	assert_int_equal(ret, -EAGAIN);
	assert_int_equal(hv_wire_send(fd[0], a, NULL, 0), 0);
	assert_int_equal(hv_wire_send(fd[0], b, NULL, 0), 0);
	got = hv_wire_receive(fd[1], NULL, &ret);
	assert_true(json_equal(got, a));
	json_decref(got);
	got = hv_wire_receive(fd[1], NULL, &ret);
	assert_true(json_equal(got, b));
	json_decref(got);
	close(fd[0]);
	assert_null(hv_wire_receive(fd[1], NULL, &ret));
	assert_int_equal(ret, 0);
	assert_int_equal(hv_wire_send(fd[1], a, NULL, 0), -EPIPE);
	close(fd[1]);
	json_decref(a);
	json_decref(b);
}

static void descriptors_come_along(void **state)
{
	int fd[2], pipes[2], fds[HV_WIRE_FDS], ret;
	json_t *msg = json_object(), *got;
	char byte;

	assert_int_equal(hv_wire_pair(fd), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(hv_wire_send(fd[0], msg, &pipes[1], 1), 0);
	got = hv_wire_receive(fd[1], fds, &ret);
	assert_non_null(got);
	json_decref(got);
	assert_int_equal(write(fds[0], "x", 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(fds[1], -1);
	assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	close(fds[0]);

	/* Whoever does not want them does not keep them. */
	assert_int_equal(hv_wire_send(fd[0], msg, &pipes[1], 1), 0);
	close(pipes[1]);
	got = hv_wire_receive(fd[1], NULL, &ret);
	assert_non_null(got);
	json_decref(got);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	close(fd[0]);
	close(fd[1]);
	json_decref(msg);
}

static void nonsense_is_told(void **state)
{
	static const char *const bad[] = {"", "nonsense", "[]", "{\"a\":1,\"a\":2}", "{\"a\":"};
	char *big = malloc(HV_WIRE_MAX + 64);
	json_t *msg;
	int fd[2], ret;

	assert_int_equal(hv_wire_pair(fd), 0);
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(send(fd[0], bad[i], strlen(bad[i]), 0), strlen(bad[i]));
		assert_null(hv_wire_receive(fd[1], NULL, &ret));
		assert_int_equal(ret, -EBADMSG);
	}
	memset(big, ' ', HV_WIRE_MAX + 64);
	big[0] = '{';
	big[HV_WIRE_MAX - 1] = '}';
	assert_int_equal(send(fd[0], big, HV_WIRE_MAX + 64, 0), HV_WIRE_MAX + 64);
	assert_null(hv_wire_receive(fd[1], NULL, &ret));
	assert_int_equal(ret, -EBADMSG);

	big[HV_WIRE_MAX] = '\0';
	msg = json_pack("{s:s}", "text", big);
	assert_int_equal(hv_wire_send(fd[0], msg, NULL, 0), -EMSGSIZE);
	json_decref(msg);
	free(big);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_keep_their_bounds),
		cmocka_unit_test(descriptors_come_along),
		cmocka_unit_test(nonsense_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
