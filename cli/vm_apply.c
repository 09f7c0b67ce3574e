/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/vm_dir.h"

#include <string.h>

struct applying {
	const struct cli *c;
	const json_t *config; /* what is to be */
	bool dry_run, restart;
	json_t *changes;
};

/* name is copied; note: what came of it beyond the verb, or NULL. */
static void change(struct applying *a, const char *verb, const char *name, const char *note)
{
	json_array_append_new(a->changes, json_pack("{s:s,s:s,s:s,s:s*}", "verb", verb, "object",
						    "vm", "name", name, "note", note));
}

/* The guest's part of the whole configuration, cards' ports looked up. */
static int definition(const struct applying *a, const json_t *guest, json_t **config, struct err *e)
{
	static const char *const members[] = {"disks", "nics"};
	const char *name = json_get_str(guest, "name", "");
	json_t *item;
	size_t j;

	*config = json_pack("{s:[O]}", "guests", guest);
	for (int i = 0; i < 2; i++) {
		json_t *list = json_array();

		json_object_set_new(*config, members[i], list);
		json_array_foreach (json_object_get(a->config, members[i]), j, item) {
			json_t *copy;
			char at[32];

			if (strcmp(json_get_str(item, "guest", ""), name) != 0)
				continue;
			copy = json_copy(item);
			json_array_append_new(list, copy);
			snprintf(at, sizeof(at), "/%s/%zu", members[i], j);
			if (i == 1 &&
			    api_resolve_nic(copy, json_object_get(a->config, "ports"), at, e) != 0)
				return e->code;
		}
	}
	return 0;
}

/* Do they say the same, whether or not they say it by a default? */
static bool same(const json_t *one, const json_t *other)
{
	json_t *a = json_deep_copy(one), *b = json_deep_copy(other);
	bool is;

	api_strip_defaults(a);
	api_strip_defaults(b);
	is = json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return is;
}

static int stop_and_start(struct applying *a, const char *name, bool start, struct err *e)
{
	json_t *result;
	int ret = vm_stop(a->c, name, -1, &result, e);

	json_decref(result);
	if (ret == -ESRCH)
		ret = 0;
	return ret == 0 && start ? vm_start(a->c, name, NULL, e) : ret;
}

static int apply_changed(struct applying *a, const char *name, const json_t *want, struct err *e)
{
	bool runs = vm_runs(a->c, name);
	int ret = 0;

	change(a, "set", name,
	       !runs	    ? NULL
	       : a->restart ? "stopped and started anew"
			    : "it runs as it was until it is started anew: flue vm restart");
	if (!a->dry_run)
		ret = vm_store(a->c, want, e);
	if (ret == 0 && !a->dry_run && runs && a->restart)
		ret = stop_and_start(a, name, true, e);
	return ret;
}

static int apply_one(struct applying *a, const json_t *guest, struct err *e)
{
	const char *name = json_get_str(guest, "name", "");
	bool autostart = json_get_bool(guest, "autostart", true);
	json_t *want = NULL, *have = NULL;
	struct err why = {0};
	int ret = definition(a, guest, &want, e);

	if (ret == 0 && vm_load(a->c, name, &have, &why) == -ENOENT) {
		change(a, "add", name, NULL);
		if (!a->dry_run)
			ret = vm_store(a->c, want, e);
	} else if (ret == 0 && !same(have, want)) {
		/* A file that cannot be read is one that differs. */
		ret = apply_changed(a, name, want, e);
	}
	if (ret == 0 && autostart && !vm_runs(a->c, name)) {
		change(a, "start", name, NULL);
		if (!a->dry_run)
			ret = vm_start(a->c, name, NULL, e);
	}
	json_decref(want);
	json_decref(have);
	return ret;
}

static int apply_gone(struct applying *a, const char *name, struct err *e)
{
	bool runs = vm_runs(a->c, name);
	int ret = 0;

	if (runs && !a->restart) {
		change(a, "del", name, "kept while it runs: flue vm stop, then apply again");
		return 0;
	}
	change(a, "del", name, runs ? "stopped" : NULL);
	if (!a->dry_run && runs)
		ret = stop_and_start(a, name, false, e);
	return ret == 0 && !a->dry_run ? vm_remove(a->c, name, e) : ret;
}

int vm_apply(const struct cli *c, const json_t *config, bool dry_run, bool restart, json_t *changes,
	     struct err *e)
{
	struct applying a = {c, config, dry_run, restart, changes};
	const json_t *guests = json_object_get(config, "guests");
	json_t *names = vm_names(c), *item;
	int ret = 0;
	size_t i;

	/* Those that go first: they may hold what others are to have. */
	json_array_foreach (names, i, item)
		if (ret == 0 && !json_find(guests, "name", json_string_value(item)))
			ret = apply_gone(&a, json_string_value(item), e);
	json_array_foreach (guests, i, item)
		if (ret == 0)
			ret = apply_one(&a, item, e);
	json_decref(names);
	return ret;
}
