/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers for the tests of statistics: the same on each run and each machine. */
#ifndef BENCH_STAT_TEST_RANDOM_H
#define BENCH_STAT_TEST_RANDOM_H

#include <math.h>
#include <stdint.h>

/* A number between 0 and 1, neither of them (splitmix64). */
static inline double test_uniform(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

/* Normal, mean 0, deviation 1. */
static inline double test_normal(uint64_t *state)
{
	double r = sqrt(-2 * log(test_uniform(state)));

	return r * cos(2 * M_PI * test_uniform(state));
}

/* Heavy tails: Student's with 3 degrees of freedom, scaled to deviation 1. */
static inline double test_heavy(uint64_t *state)
{
	double z = test_normal(state), sum = 0;

	for (int i = 0; i < 3; i++) {
		double x = test_normal(state);

		sum += x * x;
	}
	return z / sqrt(sum);
}

/* How often something of this mean happens. */
static inline uint64_t test_poisson(double mean, uint64_t *state)
{
	double left = mean;
	uint64_t n = 0;

	if (mean > 50) {
		double x = mean + sqrt(mean) * test_normal(state);

		return x > 0 ? (uint64_t)(x + 0.5) : 0;
	}
	while ((left += log(test_uniform(state))) > 0)
		n++;
	return n;
}

#endif
