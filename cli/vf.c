/* SPDX-License-Identifier: BSD-3-Clause */
/* `flue vf`: virtual functions. */
#include "cli/pf_call.h"
#include "cli/render.h"

#include <string.h>

static void list_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"PF", "pf", NULL, NULL},
		{"VF", "index", NULL, NULL},
		{"ADDRESS", "address", NULL, NULL},
		{"STATE", "state", NULL, NULL},
		{"GUEST", "guest", NULL, NULL},
		{"DRIVER", "driver", NULL, NULL},
		{"MAC", "mac", NULL, NULL},
		{"VLAN", "vlan", NULL, NULL},
		{"MAX-RATE", "max-rate", NULL, NULL},
		{"SPOOFCHK", "spoofchk", NULL, NULL},
		{"TRUST", "trust", NULL, NULL},
		{0},
	};

	render_table(out, columns, result);
}

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const char *const apart[] = {"pf", "index", "faults", NULL};
	json_t *vf;
	size_t i;

	if (!json_object_get(params, "index")) {
		list_text(out, params, result);
		return;
	}
	json_array_foreach (result, i, vf) {
		const json_t *faults = json_object_get(vf, "faults");

		fprintf(out, "%s/%d\n", json_get_str(vf, "pf", "?"),
			(int)json_get_int(vf, "index", -1));
		render_members(out, vf, 2, apart);
		if (json_get_int(faults, "count", 0) > 0)
			fprintf(out, "  faults  %lld, the last: %s\n",
				(long long)json_get_int(faults, "count", 0),
				json_get_str(faults, "last", "?"));
	}
}

static void prepare_text(FILE *out, const json_t *params, const json_t *result)
{
	const char *hint = json_get_str(result, "hint", NULL);
	json_t *item;
	size_t i;

	fprintf(out, "%s\n", json_get_str(result, "address", "?"));
	json_array_foreach (json_object_get(result, "done"), i, item)
		fprintf(out, "  %s\n", json_string_value(item));
	if (hint)
		fprintf(out, "%s\n", hint);
}

static const struct cli_verb verbs[] = {
	{.name = "show",
	 .method = "vf.show",
	 .help = "list virtual functions, or show one",
	 .text = show_text,
	 .run = pf_run},
	{.name = "list",
	 .method = "vf.show",
	 .help = "the same as a table",
	 .text = list_text,
	 .run = pf_run},
	{.name = "set", .method = "vf.set", .run = pf_run},
	{.name = "assign",
	 .method = "vf.assign",
	 .help = "give it to a guest, at once if it runs",
	 .run = vf_assign},
	{.name = "release",
	 .method = "vf.release",
	 .help = "take it back from its guest, and make it neutral",
	 .run = vf_release},
	{.name = "prepare", .method = "vf.prepare", .text = prepare_text, .run = pf_run},
	{0},
};

const struct cli_object cli_vf = {.name = "vf", .verbs = verbs};
