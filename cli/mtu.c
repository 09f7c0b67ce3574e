/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/mtu_probe.h"
#include "cli/render.h"

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"ELEMENT", "element", NULL, NULL}, {"KIND", "kind", NULL, NULL},
		{"PLANNED", "planned", NULL, NULL}, {"SOURCE", "source", NULL, NULL},
		{"ACTUAL", "actual", NULL, NULL},   {"IN-FORCE", "in_force", NULL, NULL},
		{"OK", "ok", "yes", "no"},	    {0},
	};

	render_table(out, columns, result);
}

/* A sentence a line, its cure on the next, so that it can be copied whole. */
static void check_text(FILE *out, const json_t *params, const json_t *result)
{
	json_t *problem;
	size_t i;

	json_array_foreach (result, i, problem) {
		render_line(out, "", json_get_str(problem, "text", ""));
		render_line(out, "    ", json_get_str(problem, "cure", ""));
	}
	if (i == 0)
		fputs("no disagreement\n", out);
}

static int check(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *result;
	int ret = cli_call(c, verb->method, params, &result);

	if (ret == CLI_OK) {
		cli_print(c, verb, params, result);
		ret = json_array_size(result) > 0 ? CLI_REFUSED : CLI_OK;
	}
	json_decref(result);
	return ret;
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "mtu.show", .text = show_text},
	{.name = "check", .method = "mtu.check", .text = check_text, .run = check},
	MTU_PROBE_VERB,
	{0},
};

const struct cli_object cli_mtu = {.name = "mtu", .verbs = verbs};
