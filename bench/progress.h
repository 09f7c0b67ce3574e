/* SPDX-License-Identifier: BSD-3-Clause */
/* What is going on, on standard error: one line that changes on a terminal, plain lines elsewhere.
 * Main thread. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool terminal;
	char where[160];   /* "size 64  round 3  flue" */
	uint64_t end_ns;   /* when it will be done at the latest, about; 0: not known */
	uint64_t drawn_ns; /* a terminal is not redrawn more than ten times a second */
};

void progress_init(struct progress *p);

/* A new step: its own line where there is no terminal. */
void progress_step(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* How the step goes: on a terminal only. */
void progress_detail(struct progress *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A line that stays, on both. */
void progress_note(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes the changing line away. */
void progress_done(struct progress *p);

#endif
