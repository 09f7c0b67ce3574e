/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach_run_test TESTEE FLUE STANDIN: programs have their connection run by somebody else, and
 * get it back, by command and unasked; the relay is killed; the switch refuses or goes away.
 * STANDIN stands in for flued.
 */
#include "offload/chimney/attach/test_peer.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 15 };

static const char *testee, *command, *standin;
static char folder[] = "/tmp/flue-attach-XXXXXX";
static pid_t switch_pid;

static pid_t spawn(char *const argv[])
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

/* options: one word, or NULL. */
static void start_switch(const char *options)
{
	char path[128];

	path_of(path, "sock");
	unlink(path);
	switch_pid = spawn((char *[]){(char *)standin, (char *)(options ? options : path),
				      options ? path : NULL, NULL});
	while (access(path, F_OK) != 0)
		usleep(1000);
	usleep(10000);
}

static void stop_switch(void)
{
	kill(switch_pid, SIGKILL);
	waitpid(switch_pid, NULL, 0);
}

/* What the command ends with. */
static int run(const char *verb, const struct peer *p, const char *more)
{
	char line[512];
	int status;

	snprintf(line, sizeof(line), "%s chimney %s %d %d %s >%s/out 2>&1", command, verb, p->pid,
		 p->fd, more, folder);
	status = system(line);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void said(const char *what)
{
	char path[128], text[512] = "";
	FILE *in;

	path_of(path, "out");
	in = fopen(path, "re");
	assert_non_null(in);
	if (fread(text, 1, sizeof(text) - 1, in) == 0 || !strstr(text, what))
		fail_msg("expected '%s', not '%s'", what, text);
	fclose(in);
}

static int attach(const struct peer *p)
{
	char more[160];

	snprintf(more, sizeof(more), "socket %s/sock", folder);
	return run("attach", p, more);
}

static bool is_attached(const struct peer *p)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%d.%d", folder, p->pid, p->fd);
	return access(path, F_OK) == 0;
}

static void rounds(const char *kind)
{
	struct peer p;

	start_switch(NULL);
	peer_start(&p, testee, kind);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(attach(&p), 0);
		usleep(5000);
		if (run("detach", &p, "") != 0)
			said("is detached");
	}
	peer_finish(&p);
	stop_switch();
}

static void test_rounds(void **state)
{
	rounds(*state);
}

/* It is attached until it ends by itself. */
static void test_end(void **state)
{
	struct peer p;

	start_switch(NULL);
	peer_start(&p, testee, *state);
	assert_int_equal(attach(&p), 0);
	assert_int_equal(attach(&p), 1);
	said("attached already");
	usleep(100000);
	peer_finish(&p);
	while (is_attached(&p))
		usleep(1000);
	stop_switch();
}

/* The switch gives it back whenever it likes; the program gets its socket back by itself. */
static void test_unasked(void **state)
{
	struct peer p;

	start_switch("-u30");
	peer_start(&p, testee, *state);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(attach(&p), 0);
		while (is_attached(&p))
			usleep(1000);
	}
	assert_int_equal(run("detach", &p, ""), 1);
	said("is not attached");
	peer_finish(&p);
	stop_switch();
}

static void test_refused(void **state)
{
	struct peer p;

	start_switch("-n1000000");
	peer_start(&p, testee, "threads");
	assert_int_equal(attach(&p), 1);
	said("flued does not take the connection: ");
	assert_false(is_attached(&p));
	peer_finish(&p);
	stop_switch();
}

static void test_no_switch(void **state)
{
	struct peer p;

	peer_start(&p, testee, "threads");
	assert_int_equal(attach(&p), 3);
	said("start flued with --chimney-socket");
	peer_finish(&p);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		{"threads", test_rounds, NULL, NULL, "threads"},
		{"ping", test_rounds, NULL, NULL, "ping"},
		{"epoll, edges", test_rounds, NULL, NULL, "epoll-edge"},
		{"signals", test_rounds, NULL, NULL, "signals"},
		{"end", test_end, NULL, NULL, "threads"},
		{"end, poll", test_end, NULL, NULL, "poll"},
		{"unasked", test_unasked, NULL, NULL, "ping"},
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_switch),
	};

	int failed;

	testee = argv[1];
	command = argv[2];
	standin = argv[3];
	if (!mkdtemp(folder))
		return 1;
	setenv("FLUE_ATTACHED_DIR", folder, 1);
	if (argc > 4)
		cmocka_set_test_filter(argv[4]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		char path[128];

		path_of(path, i ? "out" : "sock");
		unlink(path);
	}
	rmdir(folder);
	return failed;
}
