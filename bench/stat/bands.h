/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the values fall into two bands, so that a median would hide one of them? Pure; any thread.
 *
 * Says so only where one band would look like it less than once in a hundred times, whatever its
 * shape. With few values that takes bands that are far apart: ten deviations with twelve values,
 * eight with twenty.
 */
#ifndef BENCH_STAT_BANDS_H
#define BENCH_STAT_BANDS_H

#include <stdbool.h>
#include <stddef.h>

enum { BANDS_MIN = 8 }; /* fewer values are never two bands */

struct bands {
	bool two;
	double low, high;  /* the bands' medians */
	double high_share; /* of the values, in the upper band */
};

struct bands stat_bands(const double *values, size_t n);

#endif
