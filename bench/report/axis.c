/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/axis.h"

#include <math.h>

/* 1, 2 or 5 times a power of ten, at least `least`. */
static double round_step(double least)
{
	double power = pow(10, floor(log10(least)));
	double part = least / power;

	return power * (part <= 1.0000001 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

void axis_linear(struct axis *a, double lo, double hi, bool zero, size_t max_ticks)
{
	double step;

	a->log = false;
	if (zero && lo > 0)
		lo = 0;
	if (zero && hi < 0)
		hi = 0;
	if (!(hi > lo)) {
		double room = lo == 0 ? 1 : fabs(lo) / 2;

		hi = lo + room;
		lo -= zero && lo >= 0 ? 0 : room;
	}
	step = round_step((hi - lo) / (double)(max_ticks - 1));
	/* Rounding both ends outwards may take two more marks than there is room for. */
	while (ceil(hi / step - 1e-9) - floor(lo / step + 1e-9) + 1 > (double)max_ticks)
		step = round_step(step * 1.5);
	a->lo = step * floor(lo / step + 1e-9);
	a->hi = step * ceil(hi / step - 1e-9);
	a->n_ticks = 0;
	for (double k = floor(lo / step + 1e-9);
	     a->n_ticks < max_ticks && k * step <= a->hi + step / 2; k++)
		a->ticks[a->n_ticks++] = k * step;
}

static const double steps[] = {1, 2, 5};

/* The n-th of … 0.1, 0.2, 0.5, 1, 2, 5, 10 …; 0: 1. */
static double series_value(long n)
{
	long power = n >= 0 ? n / 3 : -((2 - n) / 3);

	return steps[n - 3 * power] * pow(10, (double)power);
}

/* The largest of the series that is not above the value. */
static long series_below(double value)
{
	long n = 3 * (long)floor(log10(value));

	while (series_value(n + 1) <= value * (1 + 1e-9))
		n++;
	while (series_value(n) > value * (1 + 1e-9))
		n--;
	return n;
}

void axis_log(struct axis *a, double lo, double hi, size_t max_ticks)
{
	long first = series_below(lo), last = series_below(hi), step = 1;

	if (series_value(last) < hi * (1 - 1e-9))
		last++;
	if (last <= first)
		last = first + 1;
	a->log = true;
	a->lo = series_value(first);
	a->hi = series_value(last);
	/* Too many: only powers of ten, then each second of them, and so on. */
	while ((size_t)((last - first) / step + 1) > max_ticks)
		step = step == 1 ? 3 : step + 3;
	a->n_ticks = 0;
	for (long n = first; n <= last && a->n_ticks < max_ticks; n++)
		if (n % step == 0)
			a->ticks[a->n_ticks++] = series_value(n);
}

double axis_px(const struct axis *a, double value)
{
	double share = a->log ? log(value / a->lo) / log(a->hi / a->lo)
			      : (value - a->lo) / (a->hi - a->lo);

	return a->px_lo + share * (a->px_hi - a->px_lo);
}
