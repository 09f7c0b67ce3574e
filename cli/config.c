/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/pf_call.h"
#include "cli/render.h"
#include "cli/vm_dir.h"

#include "api/cfg_yaml.h"

#include <stdlib.h>
#include <string.h>

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	char *yaml = cfg_yaml_print(result);

	fputs(yaml ? yaml : "", out);
	free(yaml);
}

/* "+ port h1 kind host bridge br0": the line that would do the same, with +, ~ or - for the verb.
 */
static void print_change(FILE *out, const json_t *change)
{
	const char *verb = json_get_str(change, "verb", "");
	const char *name = json_get_str(change, "name", NULL), *key;
	json_t *v;

	const char *note = json_get_str(change, "note", NULL);

	fprintf(out, "%c %s",
		verb[0] == 'a'	 ? '+'
		: verb[0] == 'd' ? '-'
		: verb[1] == 't' ? '>' /* start */
				 : '~',
		json_get_str(change, "object", "?"));
	if (name)
		fprintf(out, " %s", name);
	json_object_foreach (json_object_get(change, "params"), key, v) {
		char *text;

		if (name && strcmp(key, "name") == 0)
			continue;
		text = render_value(v, NULL, NULL);
		fprintf(out, " %s %s", key, text);
		free(text);
	}
	fprintf(out, note ? " (%s)\n" : "\n", note);
}

static void apply_text(FILE *out, const json_t *params, const json_t *result)
{
	const json_t *changes = json_object_get(result, "changes");
	json_t *change;
	size_t i;

	json_array_foreach (changes, i, change)
		print_change(out, change);
	if (i == 0)
		fputs("nothing to change\n", out);
	else if (!json_get_bool(result, "applied", true))
		fputs("not applied: dry run\n", out);
}

/* flued's parameter is /config/ports/3; the file's place is /ports/3. */
static void to_place_in_file(struct err *e)
{
	static const char root[] = "/config";
	size_t len = sizeof(root) - 1;

	if (strncmp(e->path, root, len) == 0 && (e->path[len] == '/' || !e->path[len]))
		memmove(e->path, e->path + len, strlen(e->path + len) + 1);
}

/* The switch's part of a file, or NULL: the file is about others only. */
static json_t *switch_part(const json_t *config)
{
	static const char *const others[] = {"guests", "disks", "nics", "pfs", "vfs"};
	json_t *part = json_copy((json_t *)config);

	for (int i = 0; i < 5; i++)
		json_object_del(part, others[i]);
	if ((!json_object_get(config, "guests") && !json_object_get(config, "pfs")) ||
	    json_object_size(part) > (json_object_get(part, "version") != NULL))
		return part;
	json_decref(part);
	return NULL;
}

/* 0, or what to end with, with e filled. *result: what flued answers. */
static int apply_switch(struct cli *c, const char *method, const json_t *config, bool dry_run,
			json_t **result, struct err *e)
{
	json_t *part = switch_part(config), *request;
	int ret;

	*result = NULL;
	if (!part) {
		*result = json_pack("{s:[],s:b}", "changes", "applied", !dry_run);
		return CLI_OK;
	}
	request = json_pack("{s:o}", "config", part);
	if (dry_run)
		json_object_set_new(request, "dry-run", json_true());
	ret = cli_try(c, method, request, result, e);
	json_decref(request);
	return ret;
}

/* What a file asks for, and what came of it. */
struct applying {
	struct cli *c;
	json_t *config;
	json_t *functions; /* its SR-IOV part, or NULL */
	bool dry_run, restart, evict;
	json_t *result;
};

/* plan: what flue-pf answered; it becomes part of the result. */
static void add_plan(struct applying *a, const json_t *plan)
{
	json_array_extend(json_object_get(a->result, "changes"), json_object_get(plan, "changes"));
	json_object_set(a->result, "blast", json_object_get(plan, "blast"));
}

/* The functions are planned first, when nothing is changed yet, and made before the guests that get
 * them. */
static int apply_all(struct applying *a, const char *method, struct err *e)
{
	json_t *plan = NULL, *done = NULL;
	int ret = CLI_OK;

	if (a->functions)
		ret = pf_plan(a->c, a->functions, a->evict, &plan, e);
	if (ret == CLI_OK)
		ret = apply_switch(a->c, method, a->config, a->dry_run, &a->result, e);
	if (ret == CLI_OK && plan && a->dry_run)
		add_plan(a, plan);
	if (ret == CLI_OK && plan && !a->dry_run) {
		ret = pf_apply(a->c, a->functions, a->evict, &done, e);
		if (ret == CLI_OK)
			add_plan(a, done);
	}
	if (ret == CLI_OK && json_object_get(a->config, "guests") &&
	    vm_apply(a->c, a->config, a->dry_run, a->restart, json_object_get(a->result, "changes"),
		     e) != 0)
		ret = CLI_REFUSED;
	json_decref(done);
	json_decref(plan);
	return ret;
}

static int apply(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *path = json_get_str(params, "file", "");
	struct applying a = {
		.c = c,
		.dry_run = json_get_bool(params, "dry-run", false),
		.restart = json_get_bool(params, "restart", false),
		.evict = json_get_bool(params, "evict", false),
	};
	struct cfg_lines *lines;
	struct err e = {0};
	int ret;

	if (cfg_load_file(path, &a.config, &lines, &e) != 0)
		return cli_fail(c, CLI_BAD_FILE, "%s", e.text);
	a.functions = pf_part(a.config);
	ret = apply_all(&a, verb->method, &e);
	if (a.result)
		cli_print(c, verb, params, a.result);
	to_place_in_file(&e);
	if (ret == CLI_REFUSED && e.path[0])
		cfg_err_locate(&e, path, lines);
	if (ret != CLI_OK)
		cli_fail(c, ret, "%s", e.text);
	json_decref(a.result);
	json_decref(a.functions);
	json_decref(a.config);
	cfg_lines_free(lines);
	return ret;
}

static const struct api_key apply_keys[] = {
	{"file", API_STR, 1, 4095, NULL, NULL, API_ID | API_REQUIRED, "file",
	 "the configuration, flue-config(5); -: standard input"},
	{"restart", API_BOOL, 0, 0, NULL, "off", 0, NULL,
	 "start guests that changed anew, and stop those that are gone"},
	{"evict", API_BOOL, 0, 0, NULL, "off", 0, NULL,
	 "take virtual functions from guests that are in the way"},
	{0},
};

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "config.show", .text = show_text},
	{.name = "apply",
	 .method = "config.apply",
	 .keys = apply_keys,
	 .help = "make the state a file's, and say what changed",
	 .text = apply_text,
	 .run = apply},
	{0},
};

const struct cli_object cli_config = {.name = "config", .verbs = verbs};

const struct cli_object cli_apply = {
	.name = "apply", .help = "the same as 'config apply'", .verbs = &verbs[1], .single = true};
