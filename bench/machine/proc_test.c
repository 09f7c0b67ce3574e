/* SPDX-License-Identifier: BSD-3-Clause */
/* With real processes: sh, sleep, cat. */
#include "bench/machine/proc.h"
#include "bench/machine/watch.h"

#include "base/clock.h"
#include "bench/machine/file.h"
#include "bench/machine/parse.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 30000 };

static struct proc *sh(const char *script, bool console)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct proc *p;
	struct err e = {0};

	if (proc_start(&(struct proc_spec){.name = "sh", .argv = argv, .console = console}, &p, &e))
		fail_msg("%s", e.text);
	return p;
}

static char state_of(pid_t pid)
{
	char path[64], text[1024];
	struct pid_stat stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return file_read(path, text, sizeof(text)) > 0 && parse_pid_stat(text, &stat) ? stat.state
										      : '-';
}

static void missing_names_package(void **state)
{
	char path[256];
	struct proc *p;
	struct err e = {0};
	const char *const argv[] = {"no-such-program", NULL};
	const struct proc_spec spec = {.name = "none", .argv = argv};

	assert_int_equal(proc_start(&spec, &p, &e), -ENOENT);
	assert_null(p);
	assert_non_null(strstr(e.text, "no-such-program"));

	/* With nowhere to look, a peer's package is named. Daemons' directories are looked in
	 * all the same, so this speaks of the one that is not there. */
	int rc = proc_find("dpdk-testpmd", path, sizeof(path), &e);
	if (rc) {
		assert_int_equal(rc, -ENOENT);
		assert_non_null(strstr(e.text, "dpdk-dev"));
	} else {
		assert_int_equal(access(path, X_OK), 0);
	}
	assert_int_equal(proc_find("sh", path, sizeof(path), &e), 0);
	assert_int_equal(path[0], '/');
}

static void log_waits(void **state)
{
	struct err e = {0};
	char *found = NULL;
	struct proc *p = sh("echo one; read x; echo \"two $x\"; read x; echo two again", true);

	assert_int_equal(proc_wait_log(p, 0, "one", 1, LONG_MS, NULL, &e), 0);
	long end = proc_log_end(p);
	assert_int_equal(proc_wait_log(p, end, "two", 1, 0, NULL, &e), -ETIMEDOUT);
	assert_non_null(strstr(e.text, "two"));
	assert_int_equal(proc_say(p, "words", &e), 0);
	assert_int_equal(proc_wait_log(p, end, "words", 1, LONG_MS, &found, &e), 0);
	assert_null(strstr(found, "one"));
	free(found);
	assert_int_equal(proc_alive(p, &e), 0);
	assert_int_equal(proc_say(p, "", &e), 0);
	/* What is said last counts, though the process has ended. */
	assert_int_equal(proc_wait_log(p, 0, "two", 2, LONG_MS, NULL, &e), 0);
	/* It ends, and what is waited for never comes: that is known without a timeout. */
	assert_int_equal(proc_wait_log(p, 0, "never", 1, LONG_MS, NULL, &e), -ECHILD);
	assert_non_null(strstr(e.text, "ended with status 0"));
	assert_non_null(strstr(e.text, "two again"));
	assert_int_equal(proc_stop(p, LONG_MS), 0);
}

static void second_log_is_new(void **state)
{
	struct err e = {0};
	struct proc *p = sh("echo ready; exec cat", true);

	assert_int_equal(proc_wait_log(p, 0, "ready", 1, LONG_MS, NULL, &e), 0);
	proc_kill(p);
	p = sh("exec cat", true);
	assert_int_equal(proc_wait_log(p, 0, "ready", 1, 0, NULL, &e), -ETIMEDOUT);
	proc_kill(p);
}

static void freezes(void **state)
{
	struct err e = {0};
	struct proc *p = sh("while :; do :; done", false);

	assert_int_equal(proc_freeze(p, &e), 0);
	assert_int_equal(state_of(proc_pid(p)), 'T');
	/* A thread whose CPU was taken from under it accounts for that time later, once. */
	uint64_t then = 0, used = UINT64_MAX;
	for (int look = 0; look < 5 && used >= 2000000; look++) {
		then = proc_cpu_ns(proc_pid(p));
		uint64_t end = clock_now_ns() + 20000000;
		while (clock_now_ns() < end)
			;
		used = proc_cpu_ns(proc_pid(p)) - then;
	}
	assert_true(used < 2000000);
	assert_int_equal(proc_freeze(p, &e), 0);
	assert_int_equal(proc_thaw(p, &e), 0);
	while (proc_cpu_ns(proc_pid(p)) - then < 4000000)
		sched_yield();
	assert_true(proc_rss_bytes(proc_pid(p)) > 4096);
	/* Frozen, it still ends when told. */
	assert_int_equal(proc_freeze(p, &e), 0);
	int status = proc_stop(p, LONG_MS);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void freeze_of_the_dead(void **state)
{
	struct err e = {0};
	struct proc *p = sh("exec sleep 1000", false);

	kill(proc_pid(p), SIGKILL);
	while (proc_alive(p, &e) == 0)
		sched_yield();
	assert_non_null(strstr(e.text, "signal 9"));
	assert_int_equal(proc_freeze(p, &e), -ECHILD);
	assert_int_equal(proc_say(p, "x", &e), -EINVAL);
	proc_stop(p, 0);
}

static void stubborn_is_killed(void **state)
{
	struct err e = {0};
	struct proc *p = sh("trap '' TERM; echo set; while :; do sleep 0.01; done", false);

	assert_int_equal(proc_wait_log(p, 0, "set", 1, LONG_MS, NULL, &e), 0);
	int status = proc_stop(p, 20);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void descriptors_and_environment(void **state)
{
	struct err e = {0};
	struct proc *p;
	int fds[2];
	char text[64] = "";
	const char *const argv[] = {"sh", "-c", "echo \"$WORD\" >&3; ls /proc/self/fd | wc -w; cat",
				    NULL};
	const char *const env[] = {"WORD=passed on", NULL};

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(proc_start(&(struct proc_spec){.name = "fds",
							.argv = argv,
							.env = env,
							.pass_fd = fds[1],
							.console = true},
				    &p, &e),
			 0);
	close(fds[1]);
	/* 0, 1, 2, 3 and the one ls itself opens: nothing else of ours. */
	assert_int_equal(proc_wait_log(p, 0, "5\n", 1, LONG_MS, NULL, &e), 0);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "passed on\n");
	close(fds[0]);
	proc_stop(p, LONG_MS);
}

static void runs(void **state)
{
	struct err e = {0};
	char *out = NULL;
	const char *const good[] = {"sh", "-c", "echo out; echo err >&2", NULL};
	const char *const bad[] = {"sh", "-c", "echo why; exit 3", NULL};

	assert_int_equal(proc_run(good, NULL, &out, &e), 0);
	assert_string_equal(out, "out\nerr\n");
	free(out);
	assert_int_equal(proc_run(bad, NULL, NULL, &e), -EIO);
	assert_string_equal(e.text, "sh ended with status 3: why");
}

static void ends_with_its_parent(void **state)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid_t middle = fork();
	if (middle == 0) {
		struct proc *p = sh("exec sleep 1000", false);
		pid_t child = proc_pid(p);
		(void)!write(fds[1], &child, sizeof(child));
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	assert_int_equal(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	/* Gone, or ended and not yet waited for by whoever is its parent now. */
	for (char s = 'S'; s != '-' && s != 'Z'; s = state_of(pid))
		sched_yield();
	close(fds[0]);
	close(fds[1]);
}

static void watch_counts_ours(void **state)
{
	struct watch w;
	struct watch_seen seen;
	char why[160];
	struct proc *p = sh("while :; do :; done", false);

	watch_begin(&w);
	assert_true(w.known);
	uint64_t then = proc_cpu_ns(proc_pid(p));
	while (proc_cpu_ns(proc_pid(p)) - then < 50000000)
		sched_yield();
	watch_end(&w, &seen);
	assert_true(seen.ours * seen.seconds >= 0.05);
	assert_true(seen.foreign >= 0 && seen.foreign <= 1.1);
	/* A child that ended takes nothing back. */
	watch_begin(&w);
	proc_kill(p);
	watch_end(&w, &seen);
	assert_true(seen.ours >= 0 && seen.foreign >= 0);

	const struct watch_limits limits = {.steal = 0.02, .foreign = 0.05};
	assert_true(watch_ok(&(struct watch_seen){.steal = 0.02, .foreign = 0.05}, &limits, why,
			     sizeof(why)));
	assert_false(watch_ok(&(struct watch_seen){.steal = 0.12}, &limits, why, sizeof(why)));
	assert_string_equal(why, "12 % of the time was stolen by the hypervisor");
	assert_false(watch_ok(&(struct watch_seen){.foreign = 0.5}, &limits, why, sizeof(why)));
	assert_non_null(strstr(why, "50 %"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_names_package),       cmocka_unit_test(log_waits),
		cmocka_unit_test(second_log_is_new),	       cmocka_unit_test(freezes),
		cmocka_unit_test(freeze_of_the_dead),	       cmocka_unit_test(stubborn_is_killed),
		cmocka_unit_test(descriptors_and_environment), cmocka_unit_test(runs),
		cmocka_unit_test(ends_with_its_parent),	       cmocka_unit_test(watch_counts_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
