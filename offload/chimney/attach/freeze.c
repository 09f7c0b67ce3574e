/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/freeze.h"

#include "base/clock.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USER64_CS 0x33 /* the code segment of 64-bit programs on Linux */

/* What the kernel returns of calls that may be taken up again unless a handler runs. A program
 * never sees it. */
#define ERESTARTNOHAND_ 514

int att_wait(pid_t tid, int *status)
{
	uint64_t until = clock_now_ns() + ATT_FREEZE_MS * 1000000ull;
	struct timespec nap = {.tv_nsec = 20000};

	for (;;) {
		pid_t got = waitpid(tid, status, __WALL | WNOHANG);

		if (got == tid)
			return WIFSTOPPED(*status) ? 0 : -ESRCH;
		if (got < 0 && errno != EINTR)
			return -ESRCH;
		if (clock_now_ns() > until)
			return -EBUSY;
		nanosleep(&nap, NULL);
	}
}

int att_peek(const struct att_frozen *f, uint64_t addr, void *to, size_t n)
{
	return pread(f->mem, to, n, (off_t)addr) == (ssize_t)n ? 0 : -EFAULT;
}

int att_poke(const struct att_frozen *f, uint64_t addr, const void *from, size_t n)
{
	return pwrite(f->mem, from, n, (off_t)addr) == (ssize_t)n ? 0 : -EFAULT;
}

static struct att_thread *find(struct att_frozen *f, pid_t tid)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->threads[i].tid == tid)
			return &f->threads[i];
	}
	return NULL;
}

static int add(struct att_frozen *f, pid_t tid)
{
	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 16;
		void *p = reallocarray(f->threads, room, sizeof(*f->threads));

		if (!p)
			return -ENOMEM;
		f->threads = p;
		f->room = room;
	}
	f->threads[f->n++] = (struct att_thread){.tid = tid};
	return 0;
}

/* What the kernel says of a thread: does a filter judge its calls, is it ending or gone? */
static void look(pid_t tid, bool *filtered, bool *ending)
{
	char path[64], line[128];
	FILE *in;

	*filtered = false;
	*ending = true;
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		if (strncmp(line, "State:\t", 7) == 0)
			*ending = line[7] == 'Z' || line[7] == 'X';
		if (strncmp(line, "Seccomp:", 8) == 0)
			*filtered = strtol(line + 8, NULL, 10) != 0;
	}
	if (in)
		fclose(in);
}

/* 1: a new thread was told to stop; 0: it is gone or known. */
static int seize(struct att_frozen *f, pid_t tid, struct err *e)
{
	bool filtered, ending;
	int rc;

	if (find(f, tid))
		return 0;
	/* A filter must not judge the calls made in the program's name: it might end it. */
	look(tid, &filtered, &ending);
	if (filtered)
		f->options = PTRACE_O_SUSPEND_SECCOMP;
	rc = add(f, tid);
	if (rc)
		return err_set(e, rc, "no memory for the threads of process %d", f->pid);
	if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD | f->options) == 0 &&
	    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0)
		return 1;
	rc = -errno;
	f->n--;
	look(tid, &filtered, &ending);
	if (rc == -ESRCH || ending)
		return 0;
	if (filtered)
		return err_set(e, rc,
			       "process %d is confined by seccomp, and that cannot be suspended: "
			       "run this as root",
			       f->pid);
	return err_set(e, rc,
		       "process %d may not be traced: run this as root or as its user, with no "
		       "debugger attached to it",
		       f->pid);
}

/* Seizes all threads that are not yet; their number, or a negative errno. */
static int seize_all(struct att_frozen *f, struct err *e)
{
	char path[64];
	struct dirent *d;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", f->pid);
	dir = opendir(path);
	if (!dir)
		return err_set(e, -ESRCH, "there is no process %d", f->pid);
	while (found >= 0 && (d = readdir(dir))) {
		int rc = d->d_name[0] == '.' ? 0 : seize(f, (pid_t)atoi(d->d_name), e);

		found = rc < 0 ? rc : found + rc;
	}
	closedir(dir);
	return found;
}

/* A signal that is about to be delivered takes its way first: its handler, if there is one, has
 * been entered when the thread stops again. */
static int settle(pid_t tid)
{
	int status, rc;

	while ((rc = att_wait(tid, &status)) == 0) {
		if (status >> 16 == PTRACE_EVENT_STOP)
			return 0;
		ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
		ptrace(PTRACE_CONT, tid, NULL, (long)WSTOPSIG(status));
	}
	return rc;
}

static int get_regs(struct att_thread *t)
{
	struct iovec v = {&t->regs, sizeof(t->regs)};

	if (ptrace(PTRACE_GETREGSET, t->tid, (void *)NT_PRSTATUS, &v) != 0)
		return -errno;
	return v.iov_len == sizeof(t->regs) && t->regs.cs == USER64_CS ? 0 : -ENOTSUP;
}

static int settle_all(struct att_frozen *f, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		struct att_thread *t = &f->threads[i];
		int rc;

		if (t->stopped)
			continue;
		rc = settle(t->tid);
		if (rc == -ESRCH) {
			f->threads[i--] = f->threads[--f->n];
			continue;
		}
		if (rc)
			return err_set(e, rc,
				       "thread %d of process %d does not leave a system call; try "
				       "again later",
				       t->tid, f->pid);
		t->stopped = true;
		rc = get_regs(t);
		if (rc)
			return err_set(e, rc,
				       "process %d runs 32-bit code; only 64-bit programs can be "
				       "attached to",
				       f->pid);
	}
	return 0;
}

int att_freeze(pid_t pid, struct att_frozen *f, struct err *e)
{
	char path[64];
	int rc;

	*f = (struct att_frozen){.pid = pid, .mem = -1};
	/* Until a look finds no thread that is new: one that still ran may have made another. */
	while ((rc = seize_all(f, e)) > 0) {
		rc = settle_all(f, e);
		if (rc)
			goto thaw;
	}
	if (rc)
		goto thaw;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	f->mem = open(path, O_RDWR | O_CLOEXEC);
	if (f->n && f->mem >= 0)
		return 0;
	rc = f->n ? err_set(e, -errno, "cannot open %s: %s", path, strerror(errno))
		  : err_set(e, -ESRCH, "process %d has ended", pid);
thaw:
	att_thaw(f);
	return rc;
}

/* Calls that end with EINTR whenever their thread was stopped, though no handler ran. None of them
 * has done anything when it returns that. */
static bool may_restart(long nr)
{
	static const long calls[] = {
		SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2,    SYS_read,
		SYS_readv,	SYS_recvfrom,	 SYS_recvmsg,	      SYS_recvmmsg,
		SYS_write,	SYS_writev,	 SYS_sendto,	      SYS_sendmsg,
		SYS_accept,	SYS_accept4,	 SYS_semop,	      SYS_semtimedop,
		SYS_msgrcv,	SYS_msgsnd,	 SYS_rt_sigtimedwait,
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i] == nr)
			return true;
	}
	return false;
}

static void let_go(struct att_thread *t)
{
	/* One that did not stop in time can only be let go by the tracer's end. */
	if (!t->stopped)
		return;
	if (att_in_call(t) && (long)t->regs.rax == -EINTR && may_restart((long)t->regs.orig_rax)) {
		t->regs.rax = (unsigned long long)-ERESTARTNOHAND_;
		t->changed = true;
	}
	if (t->changed)
		ptrace(PTRACE_SETREGS, t->tid, NULL, &t->regs);
	ptrace(PTRACE_DETACH, t->tid, NULL, NULL);
}

void att_thaw(struct att_frozen *f)
{
	for (size_t i = 0; i < f->n; i++)
		let_go(&f->threads[i]);
	if (f->stop_again)
		kill(f->pid, SIGSTOP);
	if (f->mem >= 0)
		close(f->mem);
	free(f->threads);
	*f = (struct att_frozen){.mem = -1};
}
