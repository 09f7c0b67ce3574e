/* SPDX-License-Identifier: BSD-3-Clause */
/* `flue vm nic ...` and `flue vm disk ...`: what a guest has. */
#include "cli/cli.h"
#include "cli/render.h"
#include "cli/vm_dir.h"

#include <string.h>

static const char *member_of(const struct cli_verb *verb)
{
	return verb->keys == api_disk_keys ? "disks" : "nics";
}

/* Where the part of that name stands in its list; the list's length: nowhere. */
static size_t find(const json_t *list, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (strcmp(json_get_str(item, "name", ""), name) == 0)
			break;
	return i;
}

/* In place of a port's name, what flued says of the port. */
static int resolve(struct cli *c, json_t *nic, struct err *e)
{
	const char *port = json_get_str(nic, "port", NULL);
	json_t *params, *ports;
	int ret;

	if (!port)
		return CLI_OK;
	params = json_pack("{s:s}", "name", port);
	ret = cli_try(c, "port.show", params, &ports, e);
	json_decref(params);
	if (ret == CLI_OK && api_resolve_nic(nic, ports, "", e) != 0)
		ret = CLI_REFUSED;
	json_decref(ports);
	return ret;
}

/* Into a guest that runs, or out of it. One that does not run is no error: -ESRCH. */
static int tell(struct cli *c, const char *guest, const char *method, const json_t *params,
		struct err *e)
{
	json_t *result;
	int ret = vm_call(c, guest, method, params, 30000, &result, e);

	json_decref(result);
	return ret;
}

static int add(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *guest = json_get_str(params, "guest", "");
	const char *member = member_of(verb);
	bool is_nic = strcmp(member, "nics") == 0;
	json_t *config = NULL;
	struct err e = {0};
	int status = is_nic ? resolve(c, params, &e) : CLI_OK, ret = 0;

	if (status != CLI_OK)
		return cli_fail(c, status, "%s", e.text);
	ret = vm_load(c, guest, &config, &e);
	if (ret == 0 && !json_object_get(config, member))
		json_object_set_new(config, member, json_array());
	if (ret == 0)
		json_array_append(json_object_get(config, member), params);
	if (ret == 0)
		ret = api_check_config(config, &e);
	if (ret == 0 && is_nic) {
		ret = tell(c, guest, "nic.add", params, &e);
		ret = ret == -ESRCH ? 0 : ret;
	} else if (ret == 0 && vm_runs(c, guest)) {
		fprintf(c->err, "flue: guest '%s' runs; it has the disk from its next start on\n",
			guest);
	}
	if (ret == 0)
		ret = vm_store(c, config, &e);
	json_decref(config);
	return ret == 0 ? CLI_OK : cli_fail(c, CLI_REFUSED, "%s", e.text);
}

static int del(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *guest = json_get_str(params, "guest", "");
	const char *name = json_get_str(params, "name", "");
	bool is_nic = verb->method != NULL;
	const char *member = is_nic ? "nics" : "disks";
	json_t *config = NULL;
	struct err e = {0};
	int ret = vm_load(c, guest, &config, &e);
	json_t *list = json_object_get(config, member);
	size_t at = find(list, name);

	if (ret == 0 && at == json_array_size(list))
		ret = err_set(&e, -ENOENT, "guest '%s' has no %s '%s'", guest,
			      is_nic ? "card" : "disk", name);
	if (ret == 0 && is_nic) {
		ret = tell(c, guest, "nic.del", params, &e);
		ret = ret == -ESRCH ? 0 : ret;
	} else if (ret == 0 && vm_runs(c, guest)) {
		fprintf(c->err, "flue: guest '%s' runs; it has the disk until it ends\n", guest);
	}
	if (ret == 0)
		json_array_remove(list, at);
	if (ret == 0)
		ret = vm_store(c, config, &e);
	json_decref(config);
	return ret == 0 ? CLI_OK : cli_fail(c, CLI_REFUSED, "%s", e.text);
}

static void nics_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"GUEST", "guest", NULL, NULL}, {"CARD", "name", NULL, NULL},
		{"MODEL", "model", NULL, NULL}, {"SOCKET", "socket", NULL, NULL},
		{"MODE", "mode", NULL, NULL},	{"ADDRESS", "address", NULL, NULL},
		{"VF", "vf", NULL, NULL},	{0},
	};

	render_table(out, columns, result);
}

static void disks_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"GUEST", "guest", NULL, NULL},
		{"DISK", "name", NULL, NULL},
		{"PATH", "path", NULL, NULL},
		{"READONLY", "readonly", NULL, NULL},
		{0},
	};

	render_table(out, columns, result);
}

static int show(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *guest = json_get_str(params, "guest", NULL);
	const char *member = verb->text == disks_text ? "disks" : "nics";
	json_t *names = guest ? json_pack("[s]", guest) : vm_names(c), *list = json_array(), *n;
	struct err e = {0};
	int ret = CLI_OK;
	size_t i;

	json_array_foreach (names, i, n) {
		json_t *config;

		if (vm_load(c, json_string_value(n), &config, &e) != 0)
			ret = cli_fail(c, CLI_REFUSED, "%s", e.text);
		json_array_extend(list, json_object_get(config, member));
		json_decref(config);
	}
	if (ret == CLI_OK || !guest)
		cli_print(c, verb, params, list);
	json_decref(list);
	json_decref(names);
	return ret;
}

static const struct api_key guest_key[] = {
	{"guest", API_NAME, 1, 31, NULL, NULL, API_ID, "vm", "this guest's only"},
	{0},
};

static const struct api_key del_keys[] = {
	{"guest", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "vm", "the guest"},
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, NULL, "what is to go"},
	{0},
};

static const struct cli_verb nic_verbs[] = {
	{.name = "show", .keys = guest_key, .help = "list cards", .text = nics_text, .run = show},
	{.name = "add",
	 .keys = api_nic_keys,
	 .help = "give a guest a card, at once if it runs",
	 .run = add},
	{.name = "del",
	 .method = "nic.del",
	 .help = "take a card from a guest, at once if it runs and lets go of it",
	 .run = del},
	{0},
};

static const struct cli_verb disk_verbs[] = {
	{.name = "show", .keys = guest_key, .help = "list disks", .text = disks_text, .run = show},
	{.name = "add", .keys = api_disk_keys, .help = "give a guest a disk", .run = add},
	{.name = "del", .keys = del_keys, .help = "take a disk from a guest", .run = del},
	{0},
};

const struct cli_object cli_nic = {.name = "nic", .verbs = nic_verbs};
const struct cli_object cli_disk = {.name = "disk", .verbs = disk_verbs};
