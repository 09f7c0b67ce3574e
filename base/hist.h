/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A histogram of whole numbers (durations in ns, sizes) with a bounded relative error, in the
 * manner of HdrHistogram: buckets grow in powers of two, each cut into HIST_SUB linear parts, so a
 * value is known to 1/HIST_SUB of itself. Fixed memory, no allocation, additions are O(1).
 * One writer; a reader of another thread waits until the writer is done.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	HIST_SUB_BITS = 7,
	HIST_SUB = 1 << HIST_SUB_BITS, /* relative error below 1/128 */
	HIST_MAX_BITS = 42, /* values up to 2^42 - 1: 73 minutes in ns; larger ones count as that */
	HIST_BUCKETS = (HIST_MAX_BITS - HIST_SUB_BITS + 1) * HIST_SUB,
	HIST_TAIL = 10, /* a percentile needs so many samples beyond it */
};

#define HIST_LARGEST ((UINT64_C(1) << HIST_MAX_BITS) - 1)

struct hist {
	uint64_t total, min, max, sum;
	uint64_t clipped; /* values above the largest one that can be told apart */
	uint32_t count[HIST_BUCKETS];
};

void hist_reset(struct hist *h);

/* The bucket of a value, and the middle of a bucket. */
static inline uint32_t hist_index(uint64_t value)
{
	if (value >> HIST_MAX_BITS)
		return HIST_BUCKETS - 1;
	if (value < HIST_SUB)
		return (uint32_t)value;
	uint32_t shift = 63u - (uint32_t)__builtin_clzll(value) - HIST_SUB_BITS;

	return (shift + 1) * HIST_SUB + (uint32_t)((value >> shift) - HIST_SUB);
}
uint64_t hist_value(uint32_t index);

static inline void hist_add(struct hist *h, uint64_t value)
{
	if (value >> HIST_MAX_BITS) {
		value = HIST_LARGEST;
		h->clipped++;
	}
	if (value < h->min || !h->total)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->total++;
	h->sum += value;
	h->count[hist_index(value)]++;
}

/* Adds what is in `from`. */
void hist_merge(struct hist *into, const struct hist *from);

/* The value below which `percent` (0 to 100) of the samples lie. false, and *value untouched, when
 * fewer than HIST_TAIL samples lie beyond it (below it, for less than 50): such a figure would be
 * chance. */
bool hist_percentile(const struct hist *h, double percent, uint64_t *value);

double hist_mean(const struct hist *h); /* 0 when empty */

/* {"min","max","sum","count","clipped","buckets":[[index,count],…]}, a new reference; and back.
 * from_json: 0, or -EINVAL when it is not such an object (out of range, totals that differ); then h
 * is empty. */
json_t *hist_to_json(const struct hist *h);
int hist_from_json(const json_t *json, struct hist *h);

#endif
