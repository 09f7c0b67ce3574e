/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"STAGE", "name", NULL, NULL},
		{"CALLS", "calls", NULL, NULL},
		{"PACKETS", "packets", NULL, NULL},
		{"CYCLES", "cycles", NULL, NULL},
		{"CYCLES/PACKET", "cycles_per_packet", NULL, NULL},
		{0},
	};
	json_t *worker;
	size_t i;

	json_array_foreach (json_object_get(result, "workers"), i, worker) {
		fprintf(out, "%sworker %lld, core %lld\n", i ? "\n" : "",
			(long long)json_get_int(worker, "id", 0),
			(long long)json_get_int(worker, "core", 0));
		render_table(out, columns, json_object_get(worker, "stages"));
	}
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "pipeline.show", .text = show_text},
	{0},
};

const struct cli_object cli_pipeline = {.name = "pipeline", .verbs = verbs};
