/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection without anything in its queues, moved again and again: from the kernel to flued and
 * back, and, by the same process on the same connection and in turns with that, out of the kernel
 * and into it again by TCP_REPAIR alone. Main thread of flue-bench.
 */
#ifndef BENCH_HANDOFF_HANDOFF_H
#define BENCH_HANDOFF_HANDOFF_H

#include "base/hist.h"
#include "bench/load/tcp.h"

struct handoff;

struct handoff_spec {
	const char *name;    /* unique in this run; at most 40 characters */
	struct tcp_end a, b; /* a's connection moves; chimney of a: flued's socket, of b: NULL */
	const char *cc;
	unsigned int pause_us; /* between two moves */
};

struct handoff_result {
	char why[160];	    /* "" or why it must not be counted */
	uint64_t refused;   /* offers that flued asked to make again later */
	struct hist offer;  /* ns from offering it to hearing that flued runs it */
	struct hist upload; /* ns from asking for it to hearing that the kernel has it */
	struct hist repair; /* ns of taking it out, closing the socket and restoring it */
};

int handoff_start(const struct handoff_spec *spec, struct handoff **h, struct err *e);
void handoff_stop(struct handoff *h); /* NULL: nothing */

/* Moves it for so many seconds, then sends a byte there and back. 0, also with r->why; a negative
 * errno: it was refused for good, or is lost. r is large: not for the stack. */
int handoff_run(struct handoff *h, double seconds, struct handoff_result *r, struct err *e);
int handoff_freeze(struct handoff *h, bool freeze, struct err *e);

/* The main function of the hidden subcommand `flue-bench __handoff`: serves descriptor 3 until the
 * other end goes away. The exit status. */
int handoff_main(int argc, char **argv);

#endif
