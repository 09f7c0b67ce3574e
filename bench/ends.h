/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two hosts at the ends of a system that scenarios with real TCP use: a (it begins) on port 0,
 * b on port 1. Main thread.
 */
#ifndef BENCH_ENDS_H
#define BENCH_ENDS_H

#include "bench/load/window.h"
#include "bench/scenario.h"

struct ends {
	const char *a_netns, *b_netns;	   /* the wiring's */
	char a_address[64], b_address[64]; /* without prefix length */
	uint64_t a_cpus, b_cpus;
};

/* Congestion controls to choose from, and the one a scenario uses unless told: the same whatever
 * the machine's default is. */
#define ENDS_CC "cubic|reno|bbr"

/* The wiring of two hosts. */
void ends_wire(struct wiring *w, unsigned int mtu, bool tso, bool gro);

/* Once the system is up: sets the hosts' offloads as wired, and the congestion control of
 * connections between them from now on. */
int ends_open(const struct subject *s, const char *cc, struct ends *ends, struct err *e);

/* A window as the limits want it, with the CPU time of the subject's system. */
struct window ends_window(const struct subject *s);

/* CPU time of the machine within a window, seconds, in which the system's processes count with the
 * time their workers had something to do and not with that they polled in vain. Negative: the
 * system has processes and cannot tell. Pure. */
double ends_cpu_busy(const struct window *w, const struct window_seen *seen);

/* Adds cpu_per_gbyte and, where it is known, cpu_busy_per_gbyte. bytes: of the window. */
void ends_add_cpu(struct sample *sample, const struct window *w, const struct window_seen *seen,
		  double bytes);

/* Adds, for information, who had the CPU time, in cores. load_cpu: seconds of the ends' processes.
 */
void ends_inform_cpu(struct sample *sample, const struct window *w, const struct window_seen *seen,
		     double load_cpu);

double ends_seconds(const struct run_limits *limits);

/* Which processors each end has. A system in the kernel has no worker whose processor must be
 * kept free, and works on those of the ends: they then have all. With two or more the ends share
 * none. Pure. */
void ends_split(uint64_t load_cpus, uint64_t worker_cpus, bool has_worker, uint64_t *a,
		uint64_t *b);

#endif
