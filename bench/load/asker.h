/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection on which requests are asked for a window of time, and one on which they are
 * answered: blocking sockets, whole messages of a fixed length. Process of `__rr`.
 */
#ifndef BENCH_LOAD_ASKER_H
#define BENCH_LOAD_ASKER_H

#include "base/hist.h"

#include <stdint.h>

enum { ASKER_SLICES = 4096 };

struct asker {
	int fd;		/* connected, Nagle off; the caller's */
	uint32_t bytes; /* of a request and its answer */
	uint64_t begin_ns, end_ns, slice_ns;

	int error; /* errno of what went wrong, 0, or -1: the other end closed it */
	uint64_t requests;
	struct hist latency;
	uint64_t worst_ns[ASKER_SLICES]; /* longest in each slice of the window; 0: none ended there
					  */
};

/* Asks from now on, and counts what is answered in [begin_ns, end_ns). Returns when that is over,
 * or with a->error; a shutdown() of the socket ends it early. Any thread. */
void asker_run(struct asker *a);

/* Notes an answer that came at at_ns after took_ns. Pure. */
void asker_note(struct asker *a, uint64_t at_ns, uint64_t took_ns);

/* Adds what one saw to the whole: its latencies, and where its slices were worse. Pure. */
void asker_add(const struct asker *a, struct hist *latency, uint64_t worst_ns[ASKER_SLICES]);

/* Answers each request with itself until the other end closes: 0; else a negative errno. */
int asker_answer(int fd, uint32_t bytes);

#endif
