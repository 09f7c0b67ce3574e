/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The best cut in two (the one that leaves least variance, Otsu's), and two measures of it: how far
 * the halves' means are apart, and how wide the gap at the cut is, both in deviations within the
 * halves. Any sample has a best cut; so the sum is held against what samples of one band reach.
 */
#include "bench/stat/boot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double gap_weight = 3;

/* What less than 0.7 % of samples of BANDS_MIN + i values exceed, were they normal, uniform,
 * exponential or heavy-tailed: the largest of the four, by simulation (40000 samples each;
 * bands_test.c tries again). */
static const double limits[] = {37.2, 33.4, 31.5, 22.3, 21.6, 21.0, 20.1, 20.1,
				16.1, 15.9, 15.6, 15.6, 15.2, 13.3, 13.3, 12.8,
				12.7, 12.7, 11.4, 11.2, 11.2, 11.1, 11.0};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double limit(size_t n)
{
	const size_t most = sizeof(limits) / sizeof(limits[0]) - 1;

	return limits[n - BANDS_MIN < most ? n - BANDS_MIN : most];
}

/* Sum of squared distances from the mean. */
static double scatter(const double *v, size_t n, double *mean)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	*mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - *mean) * (v[i] - *mean);
	return squares;
}

/* Cuts sorted values where least variance is left; a fifth at least is on each side. */
static size_t best_cut(const double *v, size_t n, double *measure)
{
	size_t side = (n + 4) / 5, best = side;
	double least = INFINITY, apart = 0, low, high, deviation;

	for (size_t cut = side; cut <= n - side; cut++) {
		double left = scatter(v, cut, &low) + scatter(v + cut, n - cut, &high);

		if (left < least) {
			least = left;
			best = cut;
			apart = high - low;
		}
	}
	deviation = sqrt(least / (double)(n - 2));
	*measure = apart > 0 ? (apart + gap_weight * (v[best] - v[best - 1])) / deviation : 0;
	return best;
}

struct bands stat_bands(const double *values, size_t n)
{
	struct bands found = {false, 0, 0, 0};
	double sorted[BOOT_MAX], measure;
	size_t cut;

	if (n < BANDS_MIN || n > BOOT_MAX)
		return found;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			return found;
	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), ascending);
	cut = best_cut(sorted, n, &measure);
	if (!(measure > limit(n)))
		return found;
	found.two = true;
	found.low = stat_median(sorted, cut);
	found.high = stat_median(sorted + cut, n - cut);
	found.high_share = (double)(n - cut) / (double)n;
	return found;
}
