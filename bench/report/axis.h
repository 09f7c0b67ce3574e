/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a value stands in a picture, and at which values an axis is marked. Pure; any thread. */
#ifndef BENCH_REPORT_AXIS_H
#define BENCH_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { AXIS_TICKS = 16 };

struct axis {
	double lo, hi;	     /* values at the ends; lo < hi, above 0 when log */
	double px_lo, px_hi; /* where they are drawn */
	bool log;
	size_t n_ticks;
	double ticks[AXIS_TICKS];
};

/* An axis over lo…hi (0 included when `zero`) that ends on round values, with at most max_ticks
 * (2 to AXIS_TICKS) marks at 1, 2 or 5 times a power of ten. */
void axis_linear(struct axis *a, double lo, double hi, bool zero, size_t max_ticks);

/* The same on a logarithmic scale: lo and hi above 0. Its ends are not rounded further than to 1, 2
 * or 5 times a power of ten. */
void axis_log(struct axis *a, double lo, double hi, size_t max_ticks);

/* Where a value is drawn; what lies outside lo…hi is drawn outside. */
double axis_px(const struct axis *a, double value);

#endif
