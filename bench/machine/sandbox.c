/* SPDX-License-Identifier: BSD-3-Clause */
/* Three processes: this one stays outside, waits and gives back; process 1 of the sandbox reaps
 * (sandbox_init.c); its child does the work. */
#include "bench/machine/sandbox.h"

#include "bench/machine/huge.h"
#include "bench/machine/sandbox_priv.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool inside;
static int outer_proc = -1;

bool sandbox_inside(void)
{
	return inside;
}

int sandbox_outer_proc(void)
{
	return outer_proc;
}

void sandbox_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
	sigaddset(set, SIGCHLD);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Until the sandbox is gone with all that was in it. */
static int attend(pid_t pid, const sigset_t *signals)
{
	for (;;) {
		siginfo_t info;
		int sig = sigwaitinfo(signals, &info);

		if (sig < 0)
			continue;
		if (sig != SIGCHLD) {
			kill(pid, sig == SIGINT ? SIGINT : SIGTERM);
			continue;
		}
		memset(&info, 0, sizeof(info));
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid)
			return wait_for(pid);
	}
}

static int refused(int why, bool root, struct err *e)
{
	return err_set(
		e, -why, "no namespaces of its own: %s; %s", strerror(why),
		root ? "this environment does not allow them"
		     : "run it as root, or allow user namespaces "
		       "(sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=1000)");
}

int sandbox_enter(const struct sandbox_wish *wish, struct sandbox *s, struct err *e)
{
	bool root = geteuid() == 0;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	sigset_t signals, before;
	struct err report = {0};
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, -errno, "no pipe: %s", strerror(errno));
	unsigned int added = root ? huge_reserve(wish->huge_pages) : 0;
	sandbox_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(NULL); /* what is buffered must not be written twice */

	/* As fork(2), into new namespaces; this process itself stays where it is. */
	unsigned long flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | SIGCHLD;
	pid_t pid = (pid_t)syscall(SYS_clone, root ? flags : flags | CLONE_NEWUSER, 0, 0, 0, 0);
	if (pid == 0) {
		unsigned int total;
		close(fds[0]);
		sandbox_init(fds[1], !root, uid, gid, &before, &outer_proc);
		inside = true;
		*s = (struct sandbox){.root = root};
		if (!huge_pages(&total, &s->huge_pages))
			s->huge_pages = 0;
		return 0;
	}
	int why = errno;
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		refused(why, root, &report);
		goto give_back;
	}
	ssize_t n = read(fds[0], &report, sizeof(report));
	close(fds[0]);
	if (n == (ssize_t)sizeof(report) && report.code == 0) {
		int status = attend(pid, &signals);
		huge_give_back(added);
		_exit(status);
	}
	wait_for(pid);
	if (n != (ssize_t)sizeof(report))
		err_set(&report, -ECHILD, "the sandbox ended before it was ready");
give_back:
	huge_give_back(added);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (e)
		*e = report;
	return report.code;
}
