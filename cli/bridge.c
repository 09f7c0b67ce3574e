/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"BRIDGE", "name", NULL, NULL},	    {"MTU", "mtu", NULL, NULL},
		{"AGEING", "ageing", NULL, NULL},   {"FDB", "fdb_entries", NULL, NULL},
		{"FDB-MAX", "fdb-max", NULL, NULL}, {"LINK-LOCAL", "link-local", NULL, NULL},
		{"PORTS", "ports", NULL, NULL},	    {0},
	};

	render_table(out, columns, result);
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "bridge.show", .text = show_text},
	{0},
};

const struct cli_object cli_bridge = {.name = "bridge", .verbs = verbs};
