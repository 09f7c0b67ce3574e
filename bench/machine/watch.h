/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Was the machine ours during a measurement? Time the hypervisor took away (steal) and time other
 * processes took, from /proc/stat and from what our own processes used.
 */
#ifndef BENCH_MACHINE_WATCH_H
#define BENCH_MACHINE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct watch_limits {
	double steal;	/* share of the time of the processors that were to be used */
	double foreign; /* the same, used by processes that are not ours */
};

struct watch {
	bool known; /* /proc/stat could be read; else nothing is seen */
	uint64_t began_ns, busy_ns, steal_ns, ours_ns, kernel_ns;
};

struct watch_seen {
	double seconds;
	double steal, foreign; /* shares of all processors' time; kernel threads are neither */
	double ours;	       /* processors our processes kept busy (2.0: two cores) */
};

/* ours: everything below this process (it and all its descendants); main thread. */
void watch_begin(struct watch *w);
void watch_end(const struct watch *w, struct watch_seen *seen);

/* Within the limits? When not, why gets a sentence ("12 % of the time was stolen by the
 * hypervisor"). */
bool watch_ok(const struct watch_seen *seen, const struct watch_limits *limits, char *why,
	      size_t size);

#endif
