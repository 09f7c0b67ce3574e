/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/unpaired.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Up to so many pairs the distribution is counted out; beyond, the normal one is as good. */
enum { EXACT_PAIRS = 2500 };

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of_sorted(const double *v, size_t n)
{
	return n ? v[(n - 1) / 2] / 2 + v[n / 2] / 2 : 0;
}

/*
 * How many of the n * m sorted differences to leave out on each side, so that both sides together
 * are beyond the interval with a probability of at most 1 - level. The number of ways to a rank sum
 * is a coefficient of the Gaussian binomial: one factor (1 - x^(m+i)) / (1 - x^i) after another.
 */
static size_t leave_out_exact(size_t n, size_t m, double level)
{
	double ways[EXACT_PAIRS + 1] = {1}, total = 0, sum = 0;
	size_t pairs = n * m, k = 0;

	for (size_t i = 1; i <= n; i++) {
		for (size_t u = pairs; u >= m + i && u <= pairs; u--)
			ways[u] -= ways[u - m - i];
		for (size_t u = i; u <= pairs; u++)
			ways[u] += ways[u - i];
	}
	for (size_t u = 0; u <= pairs; u++)
		total += ways[u];
	while (k < pairs && 2 * (sum + ways[k]) / total <= 1 - level)
		sum += ways[k++];
	return k;
}

static size_t leave_out_normal(size_t n, size_t m, double level)
{
	double centre = (double)n * (double)m / 2, low = 0, high = 10;
	double spread = sqrt((double)n * (double)m * (double)(n + m + 1) / 12), k;

	/* The two-sided quantile, by bisection. */
	for (int i = 0; i < 60; i++) {
		double z = (low + high) / 2;

		if (erfc(z / sqrt(2)) > 1 - level)
			low = z;
		else
			high = z;
	}
	k = floor(centre - high * spread);
	return k > 0 ? (size_t)k : 0;
}

/* The sorted logarithms; false: one of the values has none. */
static bool logarithms(const double *values, size_t n, double *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!(values[i] > 0))
			return false;
		out[i] = log(values[i]);
	}
	return true;
}

static void interval(const double *over, size_t n, const double *under, size_t m, double level,
		     struct unpaired *u)
{
	double logs_over[UNPAIRED_MAX], logs_under[UNPAIRED_MAX], *all;
	size_t k, pairs = n * m;

	if (!logarithms(over, n, logs_over) || !logarithms(under, m, logs_under))
		return;
	k = pairs <= EXACT_PAIRS ? leave_out_exact(n, m, level) : leave_out_normal(n, m, level);
	/* k = 0: so few values that even the whole range is not sure enough. */
	all = k ? malloc(pairs * sizeof(*all)) : NULL;
	if (!all)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			all[i * m + j] = logs_over[i] - logs_under[j];
	qsort(all, pairs, sizeof(*all), by_size);
	u->lo = fmin(exp(all[k - 1]), u->ratio);
	u->hi = fmax(exp(all[pairs - k]), u->ratio);
	u->known = true;
	free(all);
}

struct unpaired unpaired_ratio(const double *over, size_t n_over, const double *under,
			       size_t n_under, double level)
{
	struct unpaired u = {0};
	double a[UNPAIRED_MAX], b[UNPAIRED_MAX], high, low;

	if (!n_over || !n_under || n_over > UNPAIRED_MAX || n_under > UNPAIRED_MAX)
		return u;
	memcpy(a, over, n_over * sizeof(*a));
	memcpy(b, under, n_under * sizeof(*b));
	qsort(a, n_over, sizeof(*a), by_size);
	qsort(b, n_under, sizeof(*b), by_size);
	high = median_of_sorted(a, n_over);
	low = median_of_sorted(b, n_under);
	if (!(high > 0) || !(low > 0))
		return u;
	u.ratio = high / low;
	u.ratio_known = true;
	if (n_over >= UNPAIRED_MIN && n_under >= UNPAIRED_MIN)
		interval(a, n_over, b, n_under, level, &u);
	return u;
}
