/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/proc_priv.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { FREEZE_MS = 2000 };

static int open_log(struct proc *p, struct err *e)
{
	snprintf(p->log, sizeof(p->log), "%s/%s.log", bench_dir(), p->name);
	int fd = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", p->log, strerror(errno));
	p->log_start = lseek(fd, 0, SEEK_END);
	return fd;
}

int proc_start(const struct proc_spec *spec, struct proc **out, struct err *e)
{
	struct proc *p = calloc(1, sizeof(*p));
	int in[2] = {-1, -1};
	int rc;

	*out = NULL;
	if (!p)
		return err_set(e, -ENOMEM, "no memory");
	snprintf(p->name, sizeof(p->name), "%s", spec->name);
	int log = rc = open_log(p, e);
	if (log < 0)
		goto free;
	if (spec->console && pipe2(in, O_CLOEXEC) != 0) {
		rc = err_set(e, -errno, "no pipe: %s", strerror(errno));
		goto close_log;
	}
	rc = proc_spawn(spec, in[0], log, &p->pid, e);
	if (in[0] >= 0)
		close(in[0]);
	p->console = in[1];
	if (rc)
		goto close_console;
	p->pidfd = pidfd_open(p->pid, 0);
	if (p->pidfd < 0) {
		rc = err_set(e, -errno, "pidfd_open: %s", strerror(errno));
		goto kill;
	}
	close(log);
	*out = p;
	return 0;

kill:
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
close_console:
	if (p->console >= 0)
		close(p->console);
close_log:
	close(log);
free:
	free(p);
	return rc;
}

bool proc_ended(struct proc *p)
{
	if (!p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->ended = true;
	return p->ended;
}

static void wait_end(struct proc *p)
{
	while (!p->ended) {
		pid_t pid = waitpid(p->pid, &p->status, 0);
		p->ended = pid == p->pid || (pid < 0 && errno != EINTR);
	}
}

static int release(struct proc *p)
{
	int status = p->status;

	if (p->console >= 0)
		close(p->console);
	close(p->pidfd);
	free(p);
	return status;
}

int proc_stop(struct proc *p, unsigned int grace_ms)
{
	if (!p)
		return 0;
	if (!proc_ended(p)) {
		struct pollfd pfd = {.fd = p->pidfd, .events = POLLIN};
		uint64_t end = clock_now_ns() + grace_ms * 1000000ull, now;

		kill(p->pid, SIGTERM);
		kill(p->pid, SIGCONT);
		while (!proc_ended(p) && (now = clock_now_ns()) < end)
			(void)poll(&pfd, 1, (int)((end - now) / 1000000) + 1);
		if (!p->ended)
			kill(p->pid, SIGKILL);
		wait_end(p);
	}
	return release(p);
}

void proc_kill(struct proc *p)
{
	if (!p)
		return;
	if (!p->ended)
		kill(p->pid, SIGKILL);
	wait_end(p);
	release(p);
}

pid_t proc_pid(const struct proc *p)
{
	return p->pid;
}

static void settle(pid_t pid, uint64_t end)
{
	uint64_t was, now = proc_cpu_ns(pid);

	do {
		was = now;
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
		now = proc_cpu_ns(pid);
	} while (now != was && clock_now_ns() < end);
}

int proc_freeze(struct proc *p, struct err *e)
{
	uint64_t end = clock_now_ns() + FREEZE_MS * 1000000ull;

	if (p->frozen)
		return 0;
	int rc = proc_alive(p, e);
	if (rc)
		return rc;
	kill(p->pid, SIGSTOP);
	/* The kernel tells when the last thread is about to leave its CPU: what it still uses on
	 * its way is waited for. */
	do {
		int status;
		if (waitpid(p->pid, &status, WNOHANG | WUNTRACED) == p->pid) {
			if (WIFSTOPPED(status)) {
				p->frozen = true;
				settle(p->pid, end);
				return 0;
			}
			p->status = status;
			p->ended = true;
			return proc_alive(p, e);
		}
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	} while (clock_now_ns() < end);
	kill(p->pid, SIGCONT);
	return err_set(e, -ETIMEDOUT, "%s does not stand still after %d ms", p->name, FREEZE_MS);
}

int proc_thaw(struct proc *p, struct err *e)
{
	if (!p->frozen)
		return 0;
	p->frozen = false;
	kill(p->pid, SIGCONT);
	return proc_alive(p, e);
}

int proc_say(struct proc *p, const char *line, struct err *e)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	if (p->console < 0 || n >= (int)sizeof(text))
		return err_set(e, -EINVAL, "%s takes no such line", p->name);
	/* A reader that is gone must not end us by SIGPIPE. */
	int rc = proc_alive(p, e);
	if (rc)
		return rc;
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	ssize_t wrote = write(p->console, text, (size_t)n);
	int why = errno;
	signal(SIGPIPE, before);
	if (wrote == n)
		return 0;
	return err_set(e, wrote < 0 ? -why : -EIO, "%s does not take commands: %s", p->name,
		       wrote < 0 ? strerror(why) : "its console is full");
}
