/* SPDX-License-Identifier: BSD-3-Clause */
/* How much larger are the values of one list than those of another, when they were not measured in
 * pairs? Pure; any thread. */
#ifndef BENCH_REPORT_UNPAIRED_H
#define BENCH_REPORT_UNPAIRED_H

#include <stdbool.h>
#include <stddef.h>

enum {
	UNPAIRED_MIN = 5,    /* of each list; fewer give no interval */
	UNPAIRED_MAX = 1024, /* of each list */
};

struct unpaired {
	double ratio;	  /* of the medians, over ÷ under */
	bool ratio_known; /* false: a median is not above 0 */
	double lo, hi;
	bool known; /* the interval */
};

/*
 * The interval of the ratio at `level` (0.95 for 95 %), by ranks: those ratios are in it by which
 * `under` could be multiplied without the Mann-Whitney test telling it from `over`. That holds for
 * whatever distribution the two have in common, also for five values each, where resampling is too
 * sure. Where the two do not have one in common but for the factor, the interval is widened to take
 * in the ratio of the medians. Values not above 0, or too few of them, make it unknown.
 */
struct unpaired unpaired_ratio(const double *over, size_t n_over, const double *under,
			       size_t n_under, double level);

#endif
