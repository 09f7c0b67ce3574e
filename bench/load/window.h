/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The window of time a figure is taken over. All processes of a load are told the same two points
 * on the monotonic clock, which is one for the machine; meanwhile flue-bench waits, and reads the
 * machine's and the system's CPU time at the same points. Main thread.
 */
#ifndef BENCH_LOAD_WINDOW_H
#define BENCH_LOAD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window {
	double warmup_seconds; /* load runs so long before it counts */
	double seconds;
	/* CPU time of the system under test so far, ns; NULL: has none of its own */
	uint64_t (*system_cpu_ns)(void *arg);
	void *arg;
	/* Of that, what its datapath spent with work, ns, where it can tell; NULL: it cannot */
	uint64_t (*system_busy_ns)(void *arg);
	bool (*interrupted)(void); /* may be NULL */
	/* Called every so many ms while the window and its warm-up last; 0: not at all */
	void (*beat)(void *arg);
	unsigned int beat_ms;
	uint64_t begin_ns, end_ns; /* set by window_plan() */
};

struct window_seen {
	double seconds;	    /* between the two readings */
	double machine_cpu; /* seconds of CPU time, all processors, everything on the machine */
	double system_cpu;
	double system_busy;
};

/* Fixes begin_ns and end_ns from now. */
void window_plan(struct window *w);

/* Did an end of the load read its counters when it was to, within a tenth of the window? One that
 * did not run then has measured another window than the others. Pure. */
bool window_kept(const struct window *w, uint64_t begin_ns, uint64_t end_ns);

/* Sleeps to the end. 0; -EINTR when interrupted() said so; -EIO without /proc/stat. */
int window_wait(const struct window *w, struct window_seen *seen);
const char *window_why(int ret); /* what its failure means for a sample */

/* Seconds of CPU time that all processors have spent with work so far, from the text of /proc/stat:
 * everything but idle, waiting for disks, and what the hypervisor took. ticks: a second has so
 * many. Negative when the text is not that. Pure. */
double window_busy(const char *proc_stat, long ticks);

#endif
