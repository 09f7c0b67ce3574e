/* SPDX-License-Identifier: BSD-3-Clause */
/* Fast, repeatable random numbers for resampling (splitmix64). Any thread; the state is the
 * caller's.
 */
#ifndef BENCH_STAT_RANDOM_H
#define BENCH_STAT_RANDOM_H

#include <stdint.h>

static inline uint64_t random_bits(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* A number below n, for n up to a few thousand, and one that is normal with mean 0 and deviation 1,
 * as near as three uniform numbers added are: no further out than 3. */
static inline uint32_t random_pick(uint64_t *state, uint32_t n, double *normal)
{
	uint64_t u = random_bits(state);
	uint32_t sum = (uint32_t)((u & 0x3fff) + (u >> 14 & 0x3fff) + (u >> 28 & 0x3fff));

	*normal = ((double)sum - 1.5 * 0x3fff) * (2.0 / 0x4000);
	return (uint32_t)((u >> 42) * n >> 22);
}

#endif
