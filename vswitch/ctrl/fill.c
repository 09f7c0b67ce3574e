/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/fill.h"

#include <string.h>

json_t *fill_defaults(const char *object, const json_t *conf)
{
	unsigned int kind = api_kind_flag(json_get_str(conf, "kind", ""));
	bool trunk = strcmp(json_get_str(conf, "vlan-mode", "access"), "trunk") == 0;
	json_t *out = json_deep_copy(conf);

	for (const struct api_key *k = api_object_find(object)->keys; out && k->name; k++) {
		const char *def = api_key_def(k, conf);

		if (!def || json_object_get(out, k->name))
			continue;
		/* What auto comes to depends on other objects: the caller knows. */
		if (api_takes_auto(k))
			continue;
		if ((k->flags & API_KINDS) && !(k->flags & kind))
			continue;
		if (!trunk && strcmp(k->name, "vlans") == 0)
			continue;
		json_object_set_new(out, k->name, api_value_from_text(k, def, NULL));
	}
	return out;
}

json_t *fill_merged(const char *object, const json_t *conf, const json_t *params)
{
	json_t *out = json_deep_copy(conf);

	if (!out || json_object_update(out, (json_t *)params) != 0) {
		json_decref(out);
		return NULL;
	}
	for (const struct api_key *k = api_object_find(object)->keys; k->name; k++) {
		const char *text = api_key_def(k, out);
		json_t *def = text ? api_value_from_text(k, text, NULL) : NULL;

		if (def && json_equal(def, json_object_get(out, k->name)))
			json_object_del(out, k->name);
		json_decref(def);
	}
	return out;
}
