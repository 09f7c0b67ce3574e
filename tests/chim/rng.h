/* SPDX-License-Identifier: BSD-3-Clause */
/* Chance that a seed repeats: the same on every machine. Any thread, each its own. */
#ifndef TESTS_CHIM_RNG_H
#define TESTS_CHIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* A multiplicative step and a mix of its high bits. */
static inline uint32_t rng_u32(struct rng *r)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((r->state ^ r->state >> 29) >> 32);
}

/* 0 to below - 1; 0: 0. */
static inline uint64_t rng_below(struct rng *r, uint64_t below)
{
	uint64_t v = (uint64_t)rng_u32(r) << 32;

	v |= rng_u32(r);
	return below ? v % below : 0;
}

static inline bool rng_ppm(struct rng *r, uint32_t ppm)
{
	return rng_below(r, 1000000) < ppm;
}

/* Between 1 and most, small ones as often as large ones. */
static inline uint64_t rng_size(struct rng *r, uint64_t most)
{
	uint64_t bound = UINT64_C(2) << rng_below(r, 63 - __builtin_clzll(most | 1) + 1);

	return 1 + rng_below(r, bound < most ? bound : most);
}

#endif
