/* SPDX-License-Identifier: BSD-3-Clause */
/* A histogram as JSON. What must hold: what is taken goes back to the same, and its percentiles lie
 * between its smallest and its largest value, in order. */
#include "base/hist.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_sound(const struct hist *h)
{
	uint64_t last = h->min, value;

	for (double percent = 0; percent <= 100; percent += 2.5) {
		if (!hist_percentile(h, percent, &value))
			continue;
		if (value < last || value > h->max)
			abort();
		last = value;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hist h, again;
	json_t *json = json_loadb((const char *)data, size, 0, NULL), *back;

	if (hist_from_json(json, &h) == 0) {
		must_be_sound(&h);
		back = hist_to_json(&h);
		if (hist_from_json(back, &again) != 0 || memcmp(&h, &again, sizeof(h)) != 0)
			abort();
		json_decref(back);
	}
	json_decref(json);
	return 0;
}
