/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"
#include "cli/vm_dir.h"

#include <string.h>
#include <unistd.h>

#define CALL_TIMEOUT_MS	    30000
#define SNAPSHOT_TIMEOUT_MS 0 /* as long as the disk takes */

static int failed(struct cli *c, const struct err *e)
{
	return cli_fail(c, CLI_REFUSED, "%s", e->text);
}

static const char *name_of(const json_t *params)
{
	return json_get_str(params, "name", "");
}

/* Definition and state as one; "stopped" when it does not run. */
static json_t *show_one(struct cli *c, const char *name, bool stats, struct err *e)
{
	json_t *config, *show, *live, *params = json_pack("{s:b}", "stats", stats);
	static const char *const parts[] = {"disks", "nics"};
	int ret = vm_load(c, name, &config, e);

	if (ret != 0) {
		json_decref(params);
		return NULL;
	}
	show = json_array_get(json_object_get(config, "guests"), 0);
	json_incref(show);
	for (const struct api_key *k = api_vm_keys; k->name; k++)
		if (k->def && !json_object_get(show, k->name))
			json_object_set_new(show, k->name, api_value_from_text(k, k->def, NULL));
	for (int i = 0; i < 2; i++)
		json_object_set(show, parts[i], json_object_get(config, parts[i]));
	ret = vm_call(c, name, "vm.show", params, CALL_TIMEOUT_MS, &live, e);
	if (ret == 0)
		json_object_update(show, live);
	else
		json_object_set_new(show, "state",
				    json_string(ret == -ESRCH ? "stopped" : "not answering"));
	json_decref(live);
	json_decref(params);
	json_decref(config);
	return show;
}

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"GUEST", "name", NULL, NULL},
		{"STATE", "state", NULL, NULL},
		{"CPUS", "cpus", NULL, NULL},
		{"MEMORY", "memory", NULL, NULL},
		{"UPTIME", "uptime_s", NULL, NULL},
		{"RESTARTS", "restarts", NULL, NULL},
		{0},
	};
	static const char *const apart[] = {"name", NULL};
	json_t *vm;
	size_t i;

	if (!json_object_get(params, "name")) {
		render_table(out, columns, result);
		return;
	}
	json_array_foreach (result, i, vm) {
		fprintf(out, "%s\n", name_of(vm));
		render_members(out, vm, 2, apart);
	}
}

static int show(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *name = json_get_str(params, "name", NULL);
	json_t *names = name ? json_pack("[s]", name) : vm_names(c), *result = json_array(), *n;
	struct err e = {0};
	int ret = CLI_OK;
	size_t i;

	json_array_foreach (names, i, n) {
		json_t *one = show_one(c, json_string_value(n),
				       json_get_bool(params, "stats", false), &e);

		if (one)
			json_array_append_new(result, one);
		else
			ret = failed(c, &e);
	}
	if (ret == CLI_OK || !name)
		cli_print(c, verb, params, result);
	json_decref(result);
	json_decref(names);
	return ret;
}

static int create(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *config = json_pack("{s:[O],s:[],s:[]}", "guests", params, "disks", "nics");
	struct err e = {0};
	int ret = 0;

	if (vm_exists(c, name_of(params)))
		ret = err_set(&e, -EEXIST, "there is a guest '%s' already", name_of(params));
	if (ret == 0)
		ret = vm_store(c, config, &e);
	json_decref(config);
	return ret == 0 ? CLI_OK : failed(c, &e);
}

static int delete (struct cli *c, const struct cli_verb *verb, json_t *params)
{
	struct err e = {0};

	if (!vm_exists(c, name_of(params)))
		err_set(&e, -ENOENT, "there is no guest '%s'; 'flue vm' lists them",
			name_of(params));
	else if (vm_runs(c, name_of(params)))
		err_set(&e, -EBUSY, "guest '%s' runs; end it first: flue vm stop %s",
			name_of(params), name_of(params));
	else if (vm_remove(c, name_of(params), &e) == 0)
		return CLI_OK;
	return failed(c, &e);
}

/* A path that flue-vm, in another directory, finds as well. */
static const char *whole_path(const char *path, char full[PATH_MAX])
{
	char here[PATH_MAX];

	if (path[0] == '/' || !getcwd(here, sizeof(here)) ||
	    snprintf(full, PATH_MAX, "%s/%s", here, path) >= PATH_MAX)
		return path;
	return full;
}

static int start(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *file = json_get_str(params, "file", NULL);
	char full[PATH_MAX];
	struct err e = {0};

	if (vm_start(c, name_of(params), file ? whole_path(file, full) : NULL, &e) == 0)
		return CLI_OK;
	return failed(c, &e);
}

static void end_text(FILE *out, const json_t *params, const json_t *result)
{
	const char *why = json_get_str(result, "why", "");

	if (json_get_bool(result, "forced", false))
		fputs("ended by force\n", out);
	else if (*why)
		fprintf(out, "%s: %s\n", json_get_str(result, "ended", "?"), why);
}

static int stop(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	int timeout_s = (int)json_get_int(params, "timeout", -1), ret;
	struct err e = {0};
	json_t *result;

	ret = vm_stop(c, name_of(params), timeout_s, &result, &e);
	if (ret == 0)
		cli_print(c, verb, params, result);
	json_decref(result);
	return ret == 0 ? CLI_OK : failed(c, &e);
}

static int restart(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	struct err e = {0};
	json_t *result;
	int ret = vm_stop(c, name_of(params), -1, &result, &e);

	json_decref(result);
	if (ret == 0 || ret == -ESRCH)
		ret = vm_start(c, name_of(params), NULL, &e);
	return ret == 0 ? CLI_OK : failed(c, &e);
}

/* One call of its flue-vm: all parameters but the name are the method's. */
static int call(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *rest = json_copy(params), *result;
	const char *file = json_get_str(params, "file", NULL);
	bool snapshot = strcmp(verb->name, "snapshot") == 0;
	char full[PATH_MAX];
	struct err e = {0};
	int ret;

	json_object_del(rest, "name");
	if (file)
		json_object_set_new(rest, "file", json_string(whole_path(file, full)));
	ret = vm_call(c, name_of(params), verb->method, rest,
		      snapshot ? SNAPSHOT_TIMEOUT_MS : CALL_TIMEOUT_MS, &result, &e);
	if (ret == 0)
		cli_print(c, verb, params, result);
	json_decref(result);
	json_decref(rest);
	return ret == 0 ? CLI_OK : failed(c, &e);
}

static const struct api_key one_key[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "vm", "the guest"},
	{0},
};

static const struct api_key show_key[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID, "vm", "this one only"},
	{0},
};

static const struct api_key restore_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "vm", "the guest"},
	{"file", API_STR, 1, 4095, NULL, NULL, API_REQUIRED, "file",
	 "what 'flue vm snapshot' wrote"},
	{0},
};

static const struct cli_verb verbs[] = {
	{.name = "show",
	 .method = "vm.show",
	 .keys = show_key,
	 .help = "list guests, or show one",
	 .text = show_text,
	 .run = show},
	{.name = "create", .keys = api_vm_keys, .help = "define a guest", .run = create},
	{.name = "delete",
	 .keys = one_key,
	 .help = "forget a guest that does not run",
	 .run = delete},
	{.name = "start",
	 .keys = one_key,
	 .help = "start a guest, and wait until it runs",
	 .run = start},
	{.name = "stop",
	 .method = "vm.stop",
	 .keys = one_key,
	 .help = "press the power button, and wait until the guest has ended",
	 .text = end_text,
	 .run = stop},
	{.name = "restart", .keys = one_key, .help = "stop a guest, and start it", .run = restart},
	{.name = "kill", .method = "vm.kill", .keys = one_key, .run = call},
	{.name = "pause", .method = "vm.pause", .keys = one_key, .run = call},
	{.name = "resume", .method = "vm.resume", .keys = one_key, .run = call},
	{.name = "console",
	 .keys = one_key,
	 .help = "be the guest's console; Ctrl-A x leaves it",
	 .run = vm_console},
	{.name = "snapshot", .method = "vm.snapshot", .keys = one_key, .run = call},
	{.name = "restore",
	 .keys = restore_keys,
	 .help = "start a guest from a snapshot",
	 .run = start},
	{0},
};

static const struct cli_object *const parts[] = {&cli_nic, &cli_disk, NULL};

const struct cli_object cli_vm = {.name = "vm", .verbs = verbs, .parts = parts};
