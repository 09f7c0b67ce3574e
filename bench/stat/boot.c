/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A studentized bootstrap: the interval is the estimate plus and minus q times its standard error,
 * and resampling says what q must be. Three things make it cover with five to thirty values:
 *   - Resamples are smoothed with normal noise. Plain ones of five values are often nearly all the
 *     same value, and their tiny errors make q absurd.
 *   - q is that of |t|, both sides together: the ends of one side alone are too uncertain.
 *   - Values taken one after the other resemble each other a little. Where they do, the standard
 *     error grows by what that would take (an autoregression of order one).
 * docs/bench-statistics.md says how well it covers; boot_test.c makes sure.
 */
#include "bench/stat/boot.h"

#include "bench/stat/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double bandwidth = 1.06; /* of the smoothing: Silverman's rule */
static const double most_alike = 0.5; /* correlation of neighbours that is made up for */

/* The k-th smallest (from 0), at v[k]; those before it are not larger (Wirth's selection). */
static double nth(double *v, size_t n, size_t k)
{
	ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, want = (ptrdiff_t)k;

	while (lo < hi) {
		double pivot = v[want];
		ptrdiff_t i = lo, j = hi;

		do {
			while (v[i] < pivot)
				i++;
			while (pivot < v[j])
				j--;
			if (i <= j) {
				double swap = v[i];

				v[i++] = v[j];
				v[j--] = swap;
			}
		} while (i <= j);
		if (j < want)
			lo = i;
		if (want < i)
			hi = j;
	}
	return v[k];
}

static double middle(double *v, size_t n)
{
	double high = nth(v, n, n / 2), low = high;

	if (n % 2 == 0) {
		/* nth() left the smaller ones before it. */
		low = v[0];
		for (size_t i = 1; i < n / 2; i++)
			low = fmax(low, v[i]);
	}
	return low + (high - low) / 2;
}

static double mean(double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}

static double deviation(const double *v, size_t n, double centre)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (v[i] - centre) * (v[i] - centre);
	return sqrt(sum / (double)(n - 1));
}

double stat_median(const double *values, size_t n)
{
	double *copy, found;

	if (n == 0)
		return 0;
	copy = malloc(n * sizeof(*copy));
	if (!copy)
		return 0;
	memcpy(copy, values, n * sizeof(*copy));
	found = middle(copy, n);
	free(copy);
	return found;
}

/* By what the standard error grows because neighbours are alike. */
static double alike(const double *v, size_t n, double centre, double dev)
{
	double sum = 0, r;

	for (size_t i = 1; i < n; i++)
		sum += (v[i] - centre) * (v[i - 1] - centre);
	/* The estimate is low by about 1/n. */
	r = sum / (dev * dev * (double)(n - 1)) + 1 / (double)n;
	r = fmin(fmax(r, 0), most_alike);
	return sqrt((1 + r) / (1 - r));
}

/* The interval of estimate(v) at the level, by bootstrap. */
static struct interval boot(const double *v, size_t n, double (*estimate)(double *, size_t),
			    double level, uint64_t seed)
{
	static const double tiny = 1e-12;
	double sample[BOOT_MAX], t[BOOT_RESAMPLES], centre, dev, h, shrink, half;
	struct interval found;

	memcpy(sample, v, n * sizeof(*v));
	found.mid = estimate(sample, n);
	found.lo = found.hi = found.mid;
	found.known = true;
	centre = mean(sample, n);
	dev = deviation(sample, n, centre);
	if (dev <= tiny * fabs(centre) || dev == 0)
		return found; /* all the same */
	h = bandwidth * pow((double)n, -0.2);
	shrink = 1 / sqrt(1 + h * h); /* keeps the deviation what it is */
	for (size_t b = 0; b < BOOT_RESAMPLES; b++) {
		double sum = 0, squares = 0;

		for (size_t i = 0; i < n; i++) {
			double noise, value = v[random_pick(&seed, (uint32_t)n, &noise)];

			value = shrink * (value - found.mid + h * dev * noise);
			sum += value;
			squares += value * value;
			sample[i] = value;
		}
		/* Near 0, and so exact enough without a second pass. */
		t[b] = fabs(estimate(sample, n)) /
		       sqrt((squares - sum * sum / (double)n) / (double)(n - 1));
	}
	half = nth(t, BOOT_RESAMPLES,
		   (size_t)fmin(BOOT_RESAMPLES - 1, ceil(level * BOOT_RESAMPLES))) *
	       dev * alike(v, n, centre, dev);
	found.lo = found.mid - half;
	found.hi = found.mid + half;
	return found;
}

static bool usable(size_t n, double level)
{
	return n >= BOOT_MIN && n <= BOOT_MAX && level > 0 && level < 1;
}

struct interval boot_median(const double *values, size_t n, double level, uint64_t seed)
{
	struct interval none = {stat_median(values, n), 0, 0, false};

	none.lo = none.hi = none.mid;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			return none;
	return usable(n, level) ? boot(values, n, middle, level, seed) : none;
}

struct interval boot_ratio(const double *a, const double *b, size_t n, double level, uint64_t seed)
{
	struct interval found = {0, 0, 0, false};
	double logs[BOOT_MAX];

	if (n == 0 || n > BOOT_MAX)
		return found;
	for (size_t i = 0; i < n; i++) {
		if (!(a[i] > 0 && b[i] > 0 && isfinite(a[i]) && isfinite(b[i])))
			return found;
		logs[i] = log(a[i] / b[i]);
	}
	if (usable(n, level))
		found = boot(logs, n, mean, level, seed);
	else
		found.mid = found.lo = found.hi = mean(logs, n);
	found.mid = exp(found.mid);
	found.lo = exp(found.lo);
	found.hi = exp(found.hi);
	return found;
}

enum verdict boot_verdict(const struct interval *ratio, bool lower_better)
{
	if (!ratio->known || (ratio->lo <= 1 && ratio->hi >= 1))
		return VERDICT_CANNOT_TELL;
	return (ratio->lo > 1) != lower_better ? VERDICT_FASTER : VERDICT_SLOWER;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {"cannot tell", "faster", "slower"};

	return names[v];
}

bool boot_settled(const struct interval *i, double within)
{
	return i->known && (i->hi - i->lo) / 2 <= within * fabs(i->mid);
}
