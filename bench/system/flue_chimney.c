/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/system/flue_chimney.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* Appends "WHAT: reason 3, reason 1". */
static void add_reasons(struct system_chimney *c, const char *what, const json_t *counts)
{
	size_t used = strlen(c->why);
	const char *key, *between = used ? "; " : "";
	json_t *n;

	json_object_foreach ((json_t *)(uintptr_t)counts, key, n) {
		if (json_integer_value(n) == 0 || used >= sizeof(c->why))
			continue;
		used += (size_t)snprintf(c->why + used, sizeof(c->why) - used, "%s%s%s %lld",
					 between, what, key, (long long)json_integer_value(n));
		between = ", ";
		what = "";
	}
}

static int64_t pause_of(const json_t *shown, const char *which, const char *what)
{
	const json_t *pauses = json_object_get(shown, "pauses");

	return json_get_int(json_object_get(pauses, which), what, -1);
}

void flue_chimney_read(const json_t *shown, struct system_chimney *c)
{
	const json_t *counts = json_object_get(shown, "counts");
	size_t i;
	json_t *flow;

	*c = (struct system_chimney){
		.offloaded = (uint64_t)json_get_int(counts, "offloaded", 0),
		.uploaded = (uint64_t)json_get_int(counts, "uploaded", 0),
		.lost = (uint64_t)json_get_int(counts, "lost", 0),
	};
	c->handoff.p50_ns = pause_of(shown, "handoff", "p50_ns");
	c->handoff.p99_ns = pause_of(shown, "handoff", "p99_ns");
	c->upload.p50_ns = pause_of(shown, "upload", "p50_ns");
	c->upload.p99_ns = pause_of(shown, "upload", "p99_ns");
	json_array_foreach (json_object_get(shown, "flows"), i, flow)
		c->connections += !strcmp(json_get_str(flow, "where", ""), "offloaded");
	add_reasons(c, "refused: ", json_object_get(counts, "refused"));
	add_reasons(c, "went back: ", json_object_get(counts, "upload_reasons"));
}
