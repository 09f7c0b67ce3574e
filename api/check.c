/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of a whole configuration: what no single key can tell. */
#include "api/schema.h"
#include "base/impair.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int check_impair(const json_t *port, const char *path, struct err *e)
{
	struct impair unused;
	struct err why = {0};
	char at[128];

	if (impair_parse(json_get_str(port, "impair", NULL), &unused, &why) == 0)
		return 0;
	snprintf(at, sizeof(at), "%s/impair", path);
	return err_at(e, -EINVAL, at, "%s", why.text);
}

int api_check_port(const json_t *port, const char *path, struct err *e)
{
	const char *kind = json_get_str(port, "kind", "");
	const char *mode = json_get_str(port, "vlan-mode", "access");
	unsigned int flag = api_kind_flag(kind);
	char at[128];

	for (const struct api_key *k = api_object_find("port")->keys; k->name; k++) {
		int there = json_object_get(port, k->name) != NULL;

		if (!(k->flags & API_KINDS))
			continue;
		snprintf(at, sizeof(at), "%s/%s", path, k->name);
		if (there && !(k->flags & flag))
			return err_at(e, -EINVAL, at, "%s: a port of kind %s has no such key",
				      k->name, kind);
		if (!there && (k->flags & flag) && (k->flags & API_REQUIRED))
			return err_at(e, -EINVAL, path, "%s: missing (%s)", k->name, k->help);
	}
	if (strcmp(mode, "access") == 0) {
		snprintf(at, sizeof(at), "%s/vlans", path);
		if (json_object_get(port, "vlans"))
			return err_at(e, -EINVAL, at,
				      "vlans: an access port carries one VLAN, its pvid; "
				      "set vlan-mode trunk to carry several");
		snprintf(at, sizeof(at), "%s/pvid", path);
		if (json_get_int(port, "pvid", 1) == 0)
			return err_at(e, -EINVAL, at,
				      "pvid: an access port needs a VLAN from 1 to 4094");
	}
	if (check_impair(port, path, e) != 0)
		return -EINVAL;
	if (!json_get_bool(port, "csum", true) && json_get_bool(port, "tso", true)) {
		snprintf(at, sizeof(at), "%s/csum", path);
		return err_at(
			e, -EINVAL, at,
			"csum: segmentation offload needs checksum offload; set tso off as well");
	}
	return 0;
}

/* One object of a list against its keys. */
static int check_object(const struct api_object *o, const json_t *obj, const char *path,
			struct err *e)
{
	char at[128];
	const char *name;
	json_t *v;

	if (!json_is_object(obj))
		return err_at(e, -EINVAL, path, "must be a mapping of keys to values");
	json_object_foreach ((json_t *)obj, name, v) {
		const struct api_key *k = o->keys;

		snprintf(at, sizeof(at), "%s/%s", path, name);
		while (k->name && strcmp(k->name, name) != 0)
			k++;
		if (!k->name)
			return err_at(e, -EINVAL, at,
				      "%.40s: a %s has no such key; see 'flue %s help'", name,
				      o->name, o->name);
		if (api_check_value(k, v, at, e) != 0)
			return -EINVAL;
	}
	for (const struct api_key *k = o->keys; k->name; k++)
		if ((k->flags & API_REQUIRED) && !(k->flags & API_KINDS) &&
		    !json_object_get(obj, k->name))
			return err_at(e, -EINVAL, path, "%s: missing (%s)", k->name, k->help);
	return 0;
}

static int check_list(const struct api_object *o, const json_t *list, struct err *e)
{
	char at[128];
	json_t *item;
	size_t i;

	snprintf(at, sizeof(at), "/%s", o->member);
	if (list && !json_is_array(list))
		return err_at(e, -EINVAL, at, "%s: must be a list", o->member);
	json_array_foreach (list, i, item) {
		const char *id;

		snprintf(at, sizeof(at), "/%s/%zu", o->member, i);
		if (check_object(o, item, at, e) != 0)
			return -EINVAL;
		/* Disks and cards have names of their guest's: api_check_guests(). */
		id = json_object_get(item, "guest") ? NULL : json_get_str(item, "name", NULL);
		if (id && json_find(list, "name", id) != item) {
			snprintf(at, sizeof(at), "/%s/%zu/name", o->member, i);
			return err_at(e, -EEXIST, at,
				      "name: there are two of name '%s'; rename one", id);
		}
	}
	return 0;
}

/* The entry's identity as text: a set of those finds one that stands twice without comparing each
 * with each. */
static void fdb_identity(const json_t *entry, char *text, size_t size)
{
	snprintf(text, size, "%s %s %d", json_get_str(entry, "bridge", ""),
		 json_get_str(entry, "mac", ""), (int)json_get_int(entry, "vlan", 1));
	/* Of a MAC address case means nothing; of a bridge's name it does. */
	for (text += strcspn(text, " "); *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static int check_fdb(const json_t *ports, const json_t *fdb, struct err *e)
{
	json_t *seen = json_object(), *item;
	int ret = 0;
	size_t i;

	if (!seen)
		return err_set(e, -ENOMEM, "out of memory");
	json_array_foreach (fdb, i, item) {
		const char *bridge = json_get_str(item, "bridge", "");
		const json_t *port = json_find(ports, "name", json_get_str(item, "port", ""));
		char at[128], id[96];

		snprintf(at, sizeof(at), "/fdb/%zu/port", i);
		if (!port || strcmp(json_get_str(port, "bridge", ""), bridge) != 0) {
			ret = err_at(e, -ENOENT, at, "port: bridge '%s' has no port '%s'", bridge,
				     json_get_str(item, "port", ""));
			break;
		}
		fdb_identity(item, id, sizeof(id));
		if (json_object_get(seen, id)) {
			ret = err_at(e, -EEXIST, at,
				     "fdb: the address stands twice; remove one of the entries");
			break;
		}
		json_object_set_new(seen, id, json_true());
	}
	json_decref(seen);
	return ret;
}

static int check_references(const json_t *config, struct err *e)
{
	const json_t *bridges = json_object_get(config, "bridges");
	const json_t *ports = json_object_get(config, "ports");
	char at[128];
	json_t *item;
	size_t i;
	int ret;

	json_array_foreach (ports, i, item) {
		const char *bridge = json_get_str(item, "bridge", "");

		snprintf(at, sizeof(at), "/ports/%zu", i);
		if (api_check_port(item, at, e) != 0)
			return -EINVAL;
		snprintf(at, sizeof(at), "/ports/%zu/bridge", i);
		if (!json_find(bridges, "name", bridge))
			return err_at(e, -ENOENT, at,
				      "bridge: there is no bridge '%s'; add it under bridges",
				      bridge);
	}
	ret = check_fdb(ports, json_object_get(config, "fdb"), e);
	return ret == 0 ? api_check_guests(config, e) : ret;
}

int api_check_config(const json_t *config, struct err *e)
{
	const char *name;
	json_t *v;
	int ret;

	if (!json_is_object(config))
		return err_at(e, -EINVAL, "", "a configuration must be a mapping");
	json_object_foreach ((json_t *)config, name, v) {
		const struct api_object *o = api_objects;
		char at[128];

		snprintf(at, sizeof(at), "/%s", name);
		if (strcmp(name, "version") == 0) {
			if (json_integer_value(v) != API_VERSION)
				return err_at(e, -EINVAL, at, "version: this flue reads version %d",
					      API_VERSION);
			continue;
		}
		while (o->name && (!o->member || strcmp(o->member, name) != 0))
			o++;
		if (!o->name)
			return err_at(
				e, -EINVAL, at,
				"%.40s: not part of a configuration (version, switch, bridges, "
				"ports, fdb, guests, disks, nics, pfs, vfs)",
				name);
	}
	v = json_object_get(config, "switch");
	ret = v ? check_object(api_object_find("switch"), v, "/switch", e) : 0;
	for (const struct api_object *o = api_objects; ret == 0 && o->name; o++)
		if (o->member && strcmp(o->name, "switch") != 0)
			ret = check_list(o, json_object_get(config, o->member), e);
	return ret == 0 ? check_references(config, e) : ret;
}

static void strip(const struct api_object *o, json_t *obj)
{
	for (const struct api_key *k = o->keys; k->name; k++) {
		json_t *v = json_object_get(obj, k->name), *def;

		if (!v || !api_key_def(k, obj))
			continue;
		def = api_value_from_text(k, api_key_def(k, obj), NULL);
		if (json_equal(v, def))
			json_object_del(obj, k->name);
		json_decref(def);
	}
}

void api_strip_defaults(json_t *config)
{
	for (const struct api_object *o = api_objects; o->name; o++) {
		json_t *v = o->member ? json_object_get(config, o->member) : NULL, *item;
		size_t i;

		if (json_is_object(v)) {
			strip(o, v);
			if (json_object_size(v) == 0)
				json_object_del(config, o->member);
		}
		json_array_foreach (v, i, item)
			strip(o, item);
	}
}
