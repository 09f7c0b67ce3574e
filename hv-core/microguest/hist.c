/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/hist.h"

uint64_t mg_hist_floor(unsigned int bucket)
{
	unsigned int octave = bucket / MG_HIST_STEPS, step = bucket % MG_HIST_STEPS;

	if (octave == 0)
		return step;
	return (uint64_t)(MG_HIST_STEPS + step) << (octave - 1);
}

uint64_t mg_hist_percentile(const struct mg_hist *h, unsigned int per_myriad)
{
	/* Rounded up, and without overflow for any count that can be reached. */
	uint64_t wanted =
		h->count / 10000 * per_myriad + (h->count % 10000 * per_myriad + 9999) / 10000;
	uint64_t seen = 0;

	for (unsigned int i = 0; i < MG_HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen && seen >= wanted) {
			uint64_t last = mg_hist_floor(i + 1) - 1;

			return last < h->max ? last : h->max;
		}
	}
	return h->max;
}
