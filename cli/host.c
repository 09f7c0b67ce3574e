/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/host_check.h"

/* What a network function can be. */
static void use_text(FILE *out, const char *name, const json_t *use)
{
	if (use)
		fprintf(out, "%27s%s: %s: %s\n", "", name,
			json_get_bool(use, "can", false) ? "yes" : "no",
			json_get_str(use, "why", ""));
}

/* One item a line, its cure on the next, so that it can be copied whole. */
static void check_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct {
		const char *name, *key;
	} uses[] = {{"shared", "shared"}, {"handed over", "handed_over"}, {"migrated", "migrated"}};
	json_t *r;
	size_t i;

	json_array_foreach (result, i, r) {
		const char *cure = json_get_str(r, "cure", NULL);

		fprintf(out, "%-8s %-17s %s\n", json_get_str(r, "state", ""),
			json_get_str(r, "item", ""), json_get_str(r, "means", ""));
		if (cure)
			fprintf(out, "%27s%s\n", "", cure);
		for (size_t k = 0; k < sizeof(uses) / sizeof(uses[0]); k++)
			use_text(out, uses[k].name, json_object_get(r, uses[k].key));
	}
}

static int check(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *rows = host_check("");
	int ret = host_check_lacks(rows) ? CLI_LACKING : CLI_OK;

	cli_print(c, verb, params, rows);
	json_decref(rows);
	return ret;
}

static const struct cli_verb verbs[] = {
	{.name = "check",
	 .help = "say what this host has of what flue can use, and what mends the rest",
	 .text = check_text,
	 .run = check},
	{0},
};

const struct cli_object cli_host = {
	.name = "host", .help = "this host", .default_verb = "check", .verbs = verbs};
