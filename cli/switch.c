/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const char *const apart[] = {"workers", NULL};
	static const struct column columns[] = {
		{"WORKER", "id", NULL, NULL},
		{"CORE", "core", NULL, NULL},
		{"BUSY", "busy_ratio", NULL, NULL},
		{"POLLS", "polls", NULL, NULL},
		{"SLEEPS", "sleeps", NULL, NULL},
		{"RX-PACKETS", "rx_packets", NULL, NULL},
		{0},
	};

	render_members(out, result, 0, apart);
	fputc('\n', out);
	render_table(out, columns, json_object_get(result, "workers"));
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "switch.show", .text = show_text},
	{0},
};

const struct cli_object cli_switch = {.name = "switch", .verbs = verbs};
