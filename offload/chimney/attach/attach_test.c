/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chim_attach_test TESTEE: programs of all sorts (testee.c) have their connection taken and given
 * back in mid-stream, again and again. Needs the right to trace.
 */
#include "offload/chimney/attach/session.h"
#include "offload/chimney/attach/test_peer.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 12, ENOUGH = 100000 };

static const char *testee;

/* Until something went each way, but not for ever: with a peer that waits nothing does. */
static void relay_for_a_while(struct att_session *s)
{
	uint64_t until = clock_now_ns() + 20000000u;

	while (clock_now_ns() < until &&
	       (s->relay.up_bytes < ENOUGH || s->relay.down_bytes < ENOUGH)) {
		att_session_pump(s);
		att_relay_sleep(&s->relay, 1);
	}
}

static void attach_and_detach(const struct peer *p)
{
	struct att_session s;
	struct err e = {0};

	if (att_session_open(&s, p->pid, p->fd, &e) != 0)
		fail_msg("attach: %s", e.text);
	relay_for_a_while(&s);
	if (att_session_detach(&s, 20000, &e) != 0)
		fail_msg("detach: %s", e.text);
	att_session_close(&s);
}

/* ROUNDS=N: as often as that. */
static int rounds_wanted(void)
{
	const char *text = getenv("ROUNDS");

	return text ? atoi(text) : ROUNDS;
}

static void rounds(const char *kind)
{
	int n = rounds_wanted();
	struct peer p;

	peer_start(&p, testee, kind);
	for (int i = 0; i < n; i++) {
		attach_and_detach(&p);
		/* Sometimes in the same breath, sometimes with the kernel in between. */
		if (i % 3)
			usleep(500u * (unsigned int)(i % 3));
	}
	peer_finish(&p);
}

static void test_rounds(void **state)
{
	rounds(*state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		{"threads", test_rounds, NULL, NULL, "threads"},
		{"ping", test_rounds, NULL, NULL, "ping"},
		{"whole", test_rounds, NULL, NULL, "whole"},
		{"poll", test_rounds, NULL, NULL, "poll"},
		{"select", test_rounds, NULL, NULL, "select"},
		{"epoll", test_rounds, NULL, NULL, "epoll"},
		{"epoll, edges", test_rounds, NULL, NULL, "epoll-edge"},
		{"spin", test_rounds, NULL, NULL, "spin"},
		{"dup", test_rounds, NULL, NULL, "dup"},
		{"signals", test_rounds, NULL, NULL, "signals"},
	};

	testee = argv[1];
	if (argc > 2)
		cmocka_set_test_filter(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
