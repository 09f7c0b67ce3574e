/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"PORT", "port", NULL, NULL},	   {"BRIDGE", "bridge", NULL, NULL},
		{"MODE", "vlan-mode", NULL, NULL}, {"PVID", "pvid", NULL, NULL},
		{"VLANS", "vlans", NULL, NULL},	   {0},
	};

	render_table(out, columns, result);
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "vlan.show", .text = show_text},
	{0},
};

const struct cli_object cli_vlan = {.name = "vlan", .verbs = verbs};
