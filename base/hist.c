/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/hist.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* The smallest value of a bucket, and how many values share it. */
static uint64_t bucket_low(uint32_t index, uint64_t *width)
{
	uint32_t shift = index < HIST_SUB ? 0 : index / HIST_SUB - 1;

	*width = UINT64_C(1) << shift;
	if (index < HIST_SUB)
		return index;
	return (uint64_t)(index % HIST_SUB + HIST_SUB) << shift;
}

void hist_reset(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

uint64_t hist_value(uint32_t index)
{
	uint64_t width, low = bucket_low(index, &width);

	return low + (width - 1) / 2;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	if (!from->total)
		return;
	if (!into->total || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->total += from->total;
	into->sum += from->sum;
	into->clipped += from->clipped;
	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		into->count[i] += from->count[i];
}

bool hist_percentile(const struct hist *h, double percent, uint64_t *value)
{
	uint64_t rank, beyond, seen = 0, found;
	uint32_t i = 0;

	if (!(percent >= 0 && percent <= 100) || h->total < HIST_TAIL)
		return false;
	/* Just below the product: 99.9 % of 10000 must be 9990 and not, rounded, one more. */
	rank = (uint64_t)ceil(percent / 100 * (double)h->total * (1 - 1e-12));
	beyond = percent < 50 ? rank : h->total - rank;
	if (beyond < HIST_TAIL)
		return false;
	while (i < HIST_BUCKETS - 1 && seen + h->count[i] < rank)
		seen += h->count[i++];
	found = hist_value(i);
	if (found < h->min)
		found = h->min;
	*value = found > h->max ? h->max : found;
	return true;
}

double hist_mean(const struct hist *h)
{
	return h->total ? (double)h->sum / (double)h->total : 0;
}

json_t *hist_to_json(const struct hist *h)
{
	json_t *buckets = json_array();

	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		if (h->count[i])
			json_array_append_new(buckets, json_pack("[I,I]", (json_int_t)i,
								 (json_int_t)h->count[i]));
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "min", (json_int_t)h->min, "max",
			 (json_int_t)h->max, "sum", (json_int_t)h->sum, "count",
			 (json_int_t)h->total, "clipped", (json_int_t)h->clipped, "buckets",
			 buckets);
}

/* A member that is a whole number and not negative. */
static bool whole(const json_t *json, const char *key, uint64_t *value)
{
	const json_t *v = json_object_get(json, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*value = (uint64_t)json_integer_value(v);
	return true;
}

/* [index,count] behind `last`; adds what the samples' sum is at least and at most. */
static bool take_bucket(const json_t *pair, struct hist *h, int64_t *last, double *least,
			double *most)
{
	const json_t *index = json_array_get(pair, 0), *count = json_array_get(pair, 1);
	json_int_t i = json_integer_value(index), n = json_integer_value(count);
	uint64_t low, width;

	if (!json_is_integer(index) || !json_is_integer(count) || json_array_size(pair) != 2)
		return false;
	if (i <= *last || i >= HIST_BUCKETS || n < 1 || n > UINT32_MAX)
		return false;
	*last = i;
	h->count[i] = (uint32_t)n;
	low = bucket_low((uint32_t)i, &width);
	*least += (double)n * (double)low;
	*most += (double)n * (double)(low + width - 1);
	return true;
}

/* Do the totals agree with the buckets? Sums are compared as doubles, which round. */
static bool agrees(const struct hist *h, uint64_t total, int64_t first, int64_t last, double least,
		   double most)
{
	const double slack = 1e-9;
	double sum = (double)h->sum;

	if (total != h->total || h->min > h->max || h->max > HIST_LARGEST)
		return false;
	if (!total)
		return !h->min && !h->max && !h->sum && !h->clipped;
	return hist_index(h->min) == (uint32_t)first && hist_index(h->max) == (uint32_t)last &&
	       h->clipped <= h->count[HIST_BUCKETS - 1] &&
	       (!h->clipped || h->max == HIST_LARGEST) && sum >= least * (1 - slack) &&
	       sum <= most * (1 + slack);
}

int hist_from_json(const json_t *json, struct hist *h)
{
	const json_t *buckets = json_object_get(json, "buckets");
	int64_t first = -1, last = -1;
	double least = 0, most = 0;
	uint64_t total = 0;
	size_t i;
	json_t *pair;

	hist_reset(h);
	if (!whole(json, "min", &h->min) || !whole(json, "max", &h->max) ||
	    !whole(json, "sum", &h->sum) || !whole(json, "count", &h->total) ||
	    !whole(json, "clipped", &h->clipped) || !json_is_array(buckets))
		goto damaged;
	json_array_foreach (buckets, i, pair) {
		if (!take_bucket(pair, h, &last, &least, &most))
			goto damaged;
		first = i == 0 ? last : first;
		total += h->count[last];
	}
	if (!agrees(h, total, first, last, least, most))
		goto damaged;
	return 0;

damaged:
	hist_reset(h);
	return -EINVAL;
}
