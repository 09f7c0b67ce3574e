/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that stands still: every thread of it stopped by ptrace on its way out of the kernel,
 * with its registers at hand. What a thread was doing it does on afterwards: a call that had been
 * waiting starts anew, with the same descriptor number. That is what makes it possible to put
 * something else behind that number meanwhile.
 *
 * The thread that calls att_freeze() is the tracer, and calls the rest too. It should end soon
 * after att_thaw(): then the kernel also lets go of what did not stop in time.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_FREEZE_H
#define OFFLOAD_CHIMNEY_ATTACH_FREEZE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct att_thread {
	pid_t tid;
	bool stopped;
	bool changed; /* regs must be written before it goes on */
	struct user_regs_struct regs;
};

struct att_frozen {
	pid_t pid;
	int mem; /* its memory, /proc/PID/mem */
	struct att_thread *threads;
	size_t n, room;
	long options;	 /* PTRACE_O_SUSPEND_SECCOMP, if a filter has to be suspended */
	bool stop_again; /* a SIGSTOP was taken away from it meanwhile */
};

enum { ATT_FREEZE_MS = 2000 };

/* Stops all threads of the process. Signals that arrive meanwhile are delivered, none is lost.
 * 0; -ESRCH: it is gone; -EPERM: ptrace is not allowed, or somebody else traces it; -ENOTSUP: it is
 * not of this architecture; -EBUSY: a thread does not leave the kernel for ATT_FREEZE_MS; or
 * another negative errno. On an error it runs on as it was. */
int att_freeze(pid_t pid, struct att_frozen *f, struct err *e);

/* Lets it go on. Calls that were only interrupted because it was stopped, and that the kernel would
 * not take up again by itself, are taken up (a time limit of theirs begins anew). */
void att_thaw(struct att_frozen *f);

/* Is the thread on its way out of a system call, rather than somewhere in its program? */
static inline bool att_in_call(const struct att_thread *t)
{
	return (long)t->regs.orig_rax >= 0;
}

/* Waits for a thread to stop, at most ATT_FREEZE_MS. 0 with *status as of waitpid(2); -ESRCH: it
 * ended; -EBUSY. */
int att_wait(pid_t tid, int *status);

/* Copies n bytes out of or into its memory. 0; -EFAULT. */
int att_peek(const struct att_frozen *f, uint64_t addr, void *to, size_t n);
int att_poke(const struct att_frozen *f, uint64_t addr, const void *from, size_t n);

#endif
