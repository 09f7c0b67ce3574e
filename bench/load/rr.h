/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests and answers over TCP between two namespaces: a process in each, connections that live on
 * between windows. Each connection of a has a thread that sends a request, waits for the answer of
 * the same length, and sends the next: a closed loop. Main thread of flue-bench.
 */
#ifndef BENCH_LOAD_RR_H
#define BENCH_LOAD_RR_H

#include "base/hist.h"
#include "bench/load/tcp.h"

struct rr;

enum { RR_BYTES_MAX = 65536, RR_SLICE_MS = 50 };

struct rr_spec {
	const char *name;    /* unique in this run; at most 40 characters */
	struct tcp_end a, b; /* a connects to b and asks */
	unsigned int connections;
	uint32_t bytes; /* of a request and of an answer, 1 to RR_BYTES_MAX */
	const char *cc; /* congestion control, both ends */
};

struct rr_result {
	char why[160]; /* "" or why the window must not be counted */
	double seconds;
	uint64_t requests;	 /* whose answers came within the window */
	struct hist latency;	 /* ns from sending one to having its answer, each */
	struct hist worst;	 /* ns, the longest of each RR_SLICE_MS of the window */
	double a_cpu, b_cpu;	 /* seconds of CPU time of the two processes within the window */
	struct window_seen seen; /* of the machine and the system */
};

int rr_start(const struct rr_spec *spec, struct rr **rr, struct err *e);
void rr_stop(struct rr *rr); /* NULL: nothing */

/* One window, planned here. 0, also when r->why is set: nothing came, or it was interrupted. A
 * negative errno: a connection broke or fell silent. r is large: not for the stack. */
int rr_run(struct rr *rr, struct window *w, struct rr_result *r, struct err *e);
int rr_freeze(struct rr *rr, bool freeze, struct err *e);

#endif
