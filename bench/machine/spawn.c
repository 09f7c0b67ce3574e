/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/proc_priv.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What failed in the child, and its errno. */
struct failure {
	int code;
	char what[32];
};

/* From fork to exec: the steps that can fail, as negative errno. */
static int prepare(const struct proc_spec *spec, int in, int out, int *report, const char **what)
{
	sigset_t none;

	/* In a session of its own the terminal's Ctrl-C does not reach it: its end is decided by
	 * flue-bench. */
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);

	*what = "standard input";
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(in, 0) < 0)
		return -errno;
	*what = "standard output";
	if (dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return -errno;
	*what = "descriptor 3";
	int moved = fcntl(*report, F_DUPFD_CLOEXEC, 10);
	if (moved < 0)
		return -errno;
	*report = moved;
	if (spec->pass_fd == 3 && fcntl(3, F_SETFD, 0) != 0)
		return -errno;
	if (spec->pass_fd && spec->pass_fd != 3 && dup2(spec->pass_fd, 3) < 0)
		return -errno;
	if (close_range(spec->pass_fd ? 4 : 3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		return -errno;

	if (spec->netns) {
		char path[128];
		*what = "the network namespace";
		snprintf(path, sizeof(path), "/run/netns/%s", spec->netns);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
			return -errno;
	}
	if (spec->cpus) {
		cpu_set_t set;
		CPU_ZERO(&set);
		for (int cpu = 0; cpu < 64; cpu++)
			if (spec->cpus >> cpu & 1)
				CPU_SET(cpu, &set);
		*what = "its processors";
		if (sched_setaffinity(0, sizeof(set), &set) != 0)
			return -errno;
	}
	return 0;
}

static void __attribute__((noreturn))
child(const struct proc_spec *spec, const char *path, pid_t parent, int in, int out, int report)
{
	const char *what = "";
	struct failure failure = {0};

	/* Before anything else: the parent may die at any time. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	failure.code = prepare(spec, in, out, &report, &what);
	if (!failure.code) {
		for (const char *const *v = spec->env; v && *v; v++)
			putenv((char *)*v);
		execv(path, (char *const *)spec->argv);
		failure.code = -errno;
		what = "exec";
	}
	snprintf(failure.what, sizeof(failure.what), "%s", what);
	(void)!write(report, &failure, sizeof(failure));
	_exit(127);
}

int proc_spawn(const struct proc_spec *spec, int in, int out, pid_t *pid, struct err *e)
{
	char path[PATH_MAX];
	struct failure failure;
	pid_t self = getpid();
	int fds[2];
	int rc = proc_find(spec->argv[0], path, sizeof(path), e);

	if (rc)
		return rc;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, -errno, "no pipe: %s", strerror(errno));
	*pid = fork();
	if (*pid == 0)
		child(spec, path, self, in, out, fds[1]);
	int why = errno;
	close(fds[1]);
	if (*pid < 0) {
		close(fds[0]);
		return err_set(e, -why, "cannot start %s: %s", path, strerror(why));
	}
	/* The descriptor closes at exec; only a failure writes. */
	ssize_t n;
	do
		n = read(fds[0], &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (n == (ssize_t)sizeof(failure)) {
		waitpid(*pid, NULL, 0);
		return err_set(e, failure.code, "cannot start %s: %s: %s", path, failure.what,
			       strerror(-failure.code));
	}
	return 0;
}
