/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of proc share. */
#ifndef BENCH_MACHINE_PROC_PRIV_H
#define BENCH_MACHINE_PROC_PRIV_H

#include "bench/machine/proc.h"

#include <limits.h>
#include <stddef.h>

struct proc {
	pid_t pid;
	int pidfd;   /* readable once it ended */
	int console; /* what it reads as standard input, or -1 */
	bool ended, frozen;
	int status; /* when ended */
	char name[48];
	char log[PATH_MAX];
	long log_start; /* where its part of the log begins: an earlier one of its name may have
			   written before */
};

/* Takes note when it ended; does not wait. */
bool proc_ended(struct proc *p);

/* Forks and executes; the errno of whatever fails in the child comes back. in: descriptor for
 * standard input, or -1 for /dev/null; out: for standard output and error. */
int proc_spawn(const struct proc_spec *spec, int in, int out, pid_t *pid, struct err *e);

/* "ended with status 1", "was ended by signal 9". */
void proc_status_text(int status, char *text, size_t size);

#endif
