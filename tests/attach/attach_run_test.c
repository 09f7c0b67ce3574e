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

/* What the program has as its descriptor now. */
static void look(const struct peer *p, char link[64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", p->pid, p->fd);
	n = readlink(path, link, 63);
	link[n < 0 ? 0 : n] = '\0';
}

static pid_t attach_in_foreground(const struct peer *p)
{
	char pid[16], fd[16], path[128], before[64], now[64];
	pid_t relay;

	look(p, before);

	snprintf(pid, sizeof(pid), "%d", p->pid);
	snprintf(fd, sizeof(fd), "%d", p->fd);
	path_of(path, "sock");
	relay = spawn((char *[]){(char *)command, "chimney", "attach", pid, fd, "socket", path,
				 "foreground", "on", NULL});
	do {
		usleep(1000);
		look(p, now);
	} while (strcmp(now, before) == 0);
	usleep(10000);
	return relay;
}

/* A relay that is told to end gives the connection back first. */
static void test_told_to_end(void **state)
{
	struct peer p;
	pid_t relay;
	int status;

	start_switch(NULL);
	peer_start(&p, testee, "threads");
	relay = attach_in_foreground(&p);
	kill(relay, SIGTERM);
	assert_int_equal(waitpid(relay, &status, 0), relay);
	assert_int_equal(status, 0);
	assert_false(is_attached(&p));
	peer_finish(&p);
	stop_switch();
}

/* The program sees a reset, which it takes ill, and no end that the peer did not make. */
static void test_killed(void **state)
{
	struct peer p;
	pid_t relay;
	int status;

	start_switch(NULL);
	peer_start(&p, testee, "ping");
	relay = attach_in_foreground(&p);
	kill(relay, SIGKILL);
	waitpid(relay, NULL, 0);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	/* By what it read, or by what it wrote. */
	assert_true((WIFEXITED(status) && WEXITSTATUS(status) == 1) ||
		    (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE));
	assert_false(p.wrong);
	/* Its socket's name is in nobody's way. */
	assert_int_equal(run("detach", &p, ""), 1);
	said("is not attached");
	peer_kill(&p);
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
		cmocka_unit_test(test_told_to_end),
		cmocka_unit_test(test_killed),
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
