/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls made in a frozen process's name, by one of its threads. What they need of memory is
 * borrowed from that thread's stack and given back unchanged, as are its registers and its signal
 * mask. Should the caller die in between, the process is killed: it could not go on rightly.
 *
 * Called by the thread that froze the process.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_INJECT_H
#define OFFLOAD_CHIMNEY_ATTACH_INJECT_H

#include "offload/chimney/attach/freeze.h"

enum { ATT_SCRATCH = 256 };

struct att_hand {
	struct att_frozen *f;
	struct att_thread *t;
	uint64_t insn;	  /* where a syscall instruction is */
	uint64_t scratch; /* ATT_SCRATCH bytes in its memory, free to use */
	uint64_t mask;	  /* its signals */
	unsigned char saved[ATT_SCRATCH];
};

/* Readies a thread. 0; -EFAULT: no stack or no instruction was found; -ESRCH: it was killed. */
int att_hand_take(struct att_frozen *f, struct att_hand *h, struct err *e);
/* Gives the thread back as it was. */
void att_hand_return(struct att_hand *h);

/* Makes a call. What it returned, a negative errno of its own included; -ESRCH: the process was
 * killed. */
long att_call(struct att_hand *h, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* A descriptor of the caller's, put into the process: its number there (close-on-exec), or a
 * negative errno (-EMFILE: the process may open no more). pidfd: of the process. Neither needs
 * rights over the other but the caller's to trace it. */
int att_give(struct att_hand *h, int pidfd, int fd);

#endif
