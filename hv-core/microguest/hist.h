/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram of times: 32 steps to each power of two, so a value is kept to about 3 %. Pure.
 */
#ifndef HV_CORE_MICROGUEST_HIST_H
#define HV_CORE_MICROGUEST_HIST_H

#include <stdint.h>

enum { MG_HIST_STEPS = 32, MG_HIST_STEP_BITS = 5, MG_HIST_BUCKETS = 60 * MG_HIST_STEPS };

struct mg_hist {
	uint64_t count, min, max;
	uint32_t bucket[MG_HIST_BUCKETS];
};

/* Values below 32 have a bucket each; then the highest bit and the five below it count. */
static inline unsigned int mg_hist_bucket(uint64_t v)
{
	unsigned int top;

	if (v < MG_HIST_STEPS)
		return (unsigned int)v;
	top = 63 - (unsigned int)__builtin_clzll(v);
	return (top - MG_HIST_STEP_BITS + 1) * MG_HIST_STEPS +
	       (unsigned int)(v >> (top - MG_HIST_STEP_BITS) & (MG_HIST_STEPS - 1));
}

/* The smallest value of a bucket. */
uint64_t mg_hist_floor(unsigned int bucket);

static inline void mg_hist_add(struct mg_hist *h, uint64_t v)
{
	if (!h->count || v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
	h->count++;
	h->bucket[mg_hist_bucket(v)]++;
}

/* The value that per_myriad of 10 000 do not exceed, to the histogram's precision; 0 when it is
 * empty. */
uint64_t mg_hist_percentile(const struct mg_hist *h, unsigned int per_myriad);

#endif
