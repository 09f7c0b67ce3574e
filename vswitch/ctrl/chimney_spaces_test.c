/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets that are kept for one namespace: that of the test. */
#include "vswitch/ctrl/chimney_spaces.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void kept_until_idle(void **state)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0), rtnl, diag;
	static struct chim_spaces s;
	struct chim_space *space;
	struct err e = {0};

	space = chim_spaces_get(&s, sock, &e);
	if (!space) {
		print_message("%s\n", e.text);
		skip();
	}
	rtnl = space->rtnl;
	diag = space->diag;
	assert_true(is_open(rtnl) && is_open(diag));
	assert_ptr_equal(chim_spaces_get(&s, sock, &e), space);
	assert_int_equal(space->rtnl, rtnl);
	chim_spaces_tidy(&s);
	assert_true(space->used && is_open(rtnl));
	space->asked_ns = 0;
	chim_spaces_tidy(&s);
	assert_false(space->used);
	assert_false(is_open(rtnl) || is_open(diag));
	close(sock);
}

static void the_oldest_gives_way(void **state)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0);
	static struct chim_spaces s;
	struct chim_space *space;
	struct err e = {0};

	/* All places are taken by other namespaces. */
	for (int i = 0; i < CHIM_SPACES; i++)
		s.of[i] = (struct chim_space){.used = true,
					      .id = {.dev = 1, .ino = (uint64_t)i},
					      .rtnl = dup(sock),
					      .diag = dup(sock),
					      .asked_ns = i == 5 ? 1 : 2};
	space = chim_spaces_get(&s, sock, &e);
	if (space)
		assert_ptr_equal(space, &s.of[5]);
	else
		print_message("%s\n", e.text);
	chim_spaces_close(&s);
	for (int i = 0; i < CHIM_SPACES; i++)
		assert_false(s.of[i].used);
	chim_spaces_close(&s);
	close(sock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_until_idle),
		cmocka_unit_test(the_oldest_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
