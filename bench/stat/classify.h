/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What trials say of a load (MLRsearch, the appendix on load classification): a part of the search.
 * Pure; any thread.
 */
#ifndef BENCH_STAT_CLASSIFY_H
#define BENCH_STAT_CLASSIFY_H

#include "bench/stat/search.h"

/* A goal as a phase of the search asks for it. */
struct search_target {
	double loss_ratio, exceed_ratio;
	double seconds;	    /* a trial of at least so long counts in full */
	double sum_seconds; /* trial seconds that are needed */
	double width;
};

enum load_class { LOAD_UNDECIDED, LOAD_LOWER, LOAD_UPPER };

/* The bounds that count: the smallest upper one, and the largest lower one below it. */
struct load_bounds {
	bool lower_known, upper_known;
	double lower, upper;
};

/* Are two loads the same but for what a generator cannot meet? */
bool load_same(const struct search *s, double a, double b);

enum load_class load_classify(const struct search *s, const struct search_target *t, double load);
struct load_bounds load_bounds(const struct search *s, const struct search_target *t);

/* Of all frames offered at the load, the share that was lost. */
double load_loss(const struct search *s, double load);

/* What is received a second at the load, in the trial that the exceed ratio leaves as the worst. */
double load_throughput(const struct search *s, const struct search_target *t, double load);

#endif
