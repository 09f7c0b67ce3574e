/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PIPELINES_POLLER_H
#define PIPELINES_POLLER_H

#include <stdint.h>

struct pipe;

/* Something a worker looks after beside its queues, once a round. */
struct worker_poller {
	/* Does what there is to do; may inject and forward packets. now_ns: CLOCK_MONOTONIC, never
	 * less than the last time. Returns how much there was: 0 lets the worker come to rest. */
	uint32_t (*poll)(void *ctx, struct pipe *pipe, uint64_t now_ns);

	/* The worker is about to sleep. Fills fds[] with descriptors that become readable when
	 * there is something to do, lowers *until_ns to when poll() is due by the clock (0: there
	 * is something already), and returns how many descriptors; -1: it must be polled. NULL:
	 * nothing wakes it. */
	int (*sleep)(void *ctx, int *fds, int max, uint64_t *until_ns);

	/* The worker is awake again. NULL: nobody is told. */
	void (*wake)(void *ctx);
	void *ctx;
};

#endif
