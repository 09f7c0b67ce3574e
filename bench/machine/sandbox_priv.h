/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the sandbox share, and what others here ask it. */
#ifndef BENCH_MACHINE_SANDBOX_PRIV_H
#define BENCH_MACHINE_SANDBOX_PRIV_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Is this process inside a sandbox it entered? */
bool sandbox_inside(void);

/* The /proc of the machine outside, as a directory for openat(2), or -1: outside itself, or it
 * could not be had. */
int sandbox_outer_proc(void);

/* Process 1 of the sandbox: makes the place, tells how that went (report: a pipe that takes a
 * struct err), forks the process that does the work, passes signals on, reaps whoever is left.
 * Returns in the worker only, with the signal mask `mask` and *outer_proc. */
void sandbox_init(int report, bool user_ns, uid_t uid, gid_t gid, const sigset_t *mask,
		  int *outer_proc);

/* The signals a sandbox passes on, and SIGCHLD. */
void sandbox_signals(sigset_t *set);

#endif
