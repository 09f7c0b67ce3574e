/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How sure is a figure? Intervals by bootstrap, and what they allow to say of A against B.
 * Pure and repeatable: the random numbers come from the seed. Any thread.
 */
#ifndef BENCH_STAT_BOOT_H
#define BENCH_STAT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BOOT_MIN = 5, /* fewer values give no interval */
	BOOT_RESAMPLES = 5000,
	BOOT_MAX = 1024, /* values at most */
};

struct interval {
	double mid, lo, hi;
	bool known; /* false: too few values; mid is still the median */
};

/* The median of the values (0 when there are none); does not reorder them. */
double stat_median(const double *values, size_t n);

/* The median of the values and its interval; level: 0.95 for 95 %. More than BOOT_MAX values, or
 * one that is no number, make the interval unknown. */
struct interval boot_median(const double *values, size_t n, double level, uint64_t seed);

/* The ratio a[i] / b[i] of pairs measured together: the geometric mean and its interval. Values not
 * above 0 make the interval unknown, and mid 0. */
struct interval boot_ratio(const double *a, const double *b, size_t n, double level, uint64_t seed);

/* Of a against b; for a metric where lower is better, `lower_better` turns it round. */
enum verdict { VERDICT_CANNOT_TELL, VERDICT_FASTER, VERDICT_SLOWER };
enum { VERDICT_LEVEL_PERCENT = 99 }; /* the interval a verdict is read from */
enum verdict boot_verdict(const struct interval *ratio, bool lower_better);
const char *verdict_name(enum verdict v); /* "cannot tell", "faster", "slower" */

enum { BANDS_MIN = 8 }; /* fewer values are never two bands */

/* Do the values fall into two bands, so that a median would hide one of them? Says so only where
 * one band would look like it less than once in a hundred times, whatever its shape. With few
 * values that takes bands that are far apart: ten deviations with twelve values, eight with twenty.
 */
struct bands {
	bool two;
	double low, high;  /* the bands' medians */
	double high_share; /* of the values, in the upper band */
};
struct bands stat_bands(const double *values, size_t n);

/* Has a repeated figure become sure enough: known, and half its interval within `within` of mid? */
bool boot_settled(const struct interval *i, double within);

#endif
