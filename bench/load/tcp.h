/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP load between two namespaces: a process in each, connections that live on between windows.
 * What counts is what the receivers' programs read (goodput). Main thread of flue-bench.
 */
#ifndef BENCH_LOAD_TCP_H
#define BENCH_LOAD_TCP_H

#include "base/err.h"
#include "bench/load/window.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What was written before the end is acknowledged within that, or the trial does not count. */
enum { TCP_SETTLE_MS = 30000 };

struct tcp;

struct tcp_end {
	const char *netns;
	const char *address; /* its own, without prefix length */
	uint64_t cpus;	     /* bit mask its process is pinned to; 0: all of ours */
	const char *chimney; /* flued's socket for its connections (under.h); NULL: none */
};

struct tcp_spec {
	const char *name;    /* unique in this run; at most 40 characters */
	struct tcp_end a, b; /* a connects to b and sends */
	bool both_ways;	     /* b sends as well, on the same connections */
	unsigned int connections;
	const char *cc; /* congestion control, both ends: "cubic" */
};

struct tcp_result {
	char why[160];	 /* "" or why the window must not be counted */
	double goodput;	 /* bits a second, all connections and both ways */
	double fairness; /* Jain's index over the connections (each way one): 1 is even, 1/n: one
			    has everything */
	uint64_t retransmits;
	double a_cpu, b_cpu; /* seconds of CPU time of the two processes within the window */
	struct window_seen seen;
	double cpu_per_gbyte; /* seconds of the whole machine for 10^9 bytes */
	json_t *raw;	      /* what the ends reported; a new reference */
};

/* Starts both processes and makes the connections. */
int tcp_start(const struct tcp_spec *spec, struct tcp **t, struct err *e);
void tcp_stop(struct tcp *t); /* NULL: nothing */

/* One window: load, warm-up, window, stop, settle, read. 0, also when r->why is set: nothing came,
 * bytes sent and received differ, an interrupt. A negative errno when the load itself failed, as
 * when a connection broke. w is planned here. */
int tcp_run(struct tcp *t, struct window *w, struct tcp_result *r, struct err *e);
void tcp_result_clear(struct tcp_result *r);

int tcp_freeze(struct tcp *t, bool freeze, struct err *e);

/* Jain's index of n values: (sum x)^2 / (n sum x^2); 0 when all are 0. Pure. */
double tcp_fairness(const double *values, size_t n);

#endif
