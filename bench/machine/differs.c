/* SPDX-License-Identifier: BSD-3-Clause */
/* Are two machines alike enough to compare what was measured on them? */
#include "bench/machine/machine.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As a person would say it; the caller's. */
static char *words(const json_t *v)
{
	if (!v || (json_is_string(v) && !json_string_length(v)))
		return strdup("unknown");
	return json_is_string(v) ? strdup(json_string_value(v))
				 : json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
}

static char *say(const char *key, const json_t *a, const json_t *b)
{
	char *x = words(a), *y = words(b), *text = NULL;

	if (!x || !y || asprintf(&text, "%s: %s and %s", key, x, y) < 0)
		text = NULL;
	free(x);
	free(y);
	return text;
}

/* Within a share of each other; what a kernel keeps for itself, or a measured frequency. */
static bool near_enough(const json_t *a, const json_t *b, double share)
{
	double x = json_number_value(a), y = json_number_value(b);

	return fabs(x - y) <= share * fmax(fabs(x), fabs(y));
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

static char *mitigations_differ(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *v;

	json_object_foreach ((json_t *)a, name, v)
		if (!same(v, json_object_get(b, name)))
			return say(name, v, json_object_get(b, name));
	json_object_foreach ((json_t *)b, name, v)
		if (!json_object_get(a, name))
			return say(name, NULL, v);
	return NULL;
}

char *machine_differs(const json_t *a, const json_t *b)
{
	static const char *const alike[] = {"cpu",	   "cores",    "smt",
					    "governor",	   "kernel",   "hypervisor",
					    "clocksource", "isolated", "dpdk"};
	static const struct {
		const char *key;
		double share;
	} near[] = {{"memory_bytes", 0.02}, {"tsc_hz", 0.01}};

	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
		const json_t *x = json_object_get(a, alike[i]), *y = json_object_get(b, alike[i]);
		if (!same(x, y))
			return say(alike[i], x, y);
	}
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		const json_t *x = json_object_get(a, near[i].key);
		const json_t *y = json_object_get(b, near[i].key);
		if ((x || y) && !near_enough(x, y, near[i].share))
			return say(near[i].key, x, y);
	}
	/* How many were reserved does not matter, but whether there were any does. */
	const json_t *x = json_object_get(json_object_get(a, "hugepages_2m"), "total");
	const json_t *y = json_object_get(json_object_get(b, "hugepages_2m"), "total");
	if (!json_integer_value(x) != !json_integer_value(y))
		return say("huge pages of 2 MB", x, y);
	return mitigations_differ(json_object_get(a, "mitigations"),
				  json_object_get(b, "mitigations"));
}
