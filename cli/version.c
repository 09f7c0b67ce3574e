/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

static void text(FILE *out, const json_t *params, const json_t *result)
{
	fprintf(out, "flue %s\n", json_get_str(result, "version", ""));
}

static int run(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *v = json_pack("{s:s,s:i}", "version", FLUE_VERSION, "api", API_VERSION);

	cli_print(c, verb, params, v);
	json_decref(v);
	return CLI_OK;
}

static const struct cli_verb verbs[] = {
	{.name = "version", .help = "say which flue this is", .text = text, .run = run},
	{0},
};

const struct cli_object cli_version = {
	.name = "version", .help = "which flue this is", .verbs = verbs, .single = true};
