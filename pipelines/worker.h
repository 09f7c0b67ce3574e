/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one thread on one core, that polls its receive queues and takes what comes through
 * the pipeline. When nothing came for a while it sleeps until a queue wakes it.
 */
#ifndef PIPELINES_WORKER_H
#define PIPELINES_WORKER_H

#include "pipelines/pipe.h"
#include "pipelines/poller.h"
#include "vswitch/l2/fwd.h"

#include <rte_rcu_qsbr.h>
#include <stdatomic.h>

enum { WORKER_POLLERS_MAX = 4 };

struct worker {
	struct pkt_worker ctx;
	struct pipe pipe;
	unsigned int lcore; /* the number DPDK knows it by */
	unsigned int core;  /* the processor it is pinned to */
	int wake_fd;	    /* eventfd; main writes to it */
	uint8_t n_pollers;
	struct worker_poller pollers[WORKER_POLLERS_MAX];
	/* For switch.show. Written by the worker alone. */
	uint64_t polls, sleeps, rx_packets, busy_cycles, idle_cycles;
} __rte_cache_aligned;

/* What workers share with main. */
struct worker_shared {
	_Atomic(const struct fwd_config *) fwd;
	struct rte_rcu_qsbr *qsbr; /* thread ids: worker numbers */
	_Atomic bool stop;
};

/* The worker's life; arg: struct worker_run. Started with rte_eal_remote_launch(). */
struct worker_run {
	struct worker *worker;
	struct worker_shared *shared;
};
int worker_main(void *arg);

/* Has the worker poll this as well. 0; -ENOSPC: it has WORKER_POLLERS_MAX. Main, before the worker
 * runs. */
int worker_add_poller(struct worker *w, const struct worker_poller *p);

/* Coarse time now, as the workers count it (FWD_TICK_SHIFT). Any thread. */
uint32_t worker_tick_now(void);

/* Ends its sleep. Any thread. */
void worker_wake(const struct worker *w);

#endif
