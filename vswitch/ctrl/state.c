/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/state.h"

#include "base/ranges.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[STATE_LISTS] = {"bridge", "port", "fdb"};

const struct api_object *state_object(enum state_list l)
{
	return api_object_find(names[l]);
}

static void lower(char *out, size_t size, const char *text)
{
	size_t i = 0;

	for (; i < size - 1 && text[i]; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[i] = '\0';
}

const char *state_id(enum state_list l, const json_t *obj, char *text, size_t size)
{
	char mac[18];

	if (l != STATE_FDB) {
		snprintf(text, size, "%s", json_get_str(obj, "name", ""));
		return text;
	}
	lower(mac, sizeof(mac), json_get_str(obj, "mac", ""));
	snprintf(text, size, "%s %s vlan %d", json_get_str(obj, "bridge", ""), mac,
		 (int)json_get_int(obj, "vlan", 1));
	return text;
}

int state_load(struct state *s, const json_t *config)
{
	json_t *sw = json_object_get(config, "switch");
	int ret = 0;

	*s = (struct state){.sw = sw ? json_copy(sw) : json_object()};
	for (enum state_list l = 0; l < STATE_LISTS; l++) {
		json_t *list = json_object_get(config, state_object(l)->member), *item;
		char id[128];
		size_t i;

		s->list[l] = json_object();
		json_array_foreach (list, i, item)
			ret |= json_object_set(s->list[l], state_id(l, item, id, sizeof(id)), item);
	}
	return ret == 0 && s->sw ? 0 : -ENOMEM;
}

void state_free(struct state *s)
{
	json_decref(s->sw);
	for (enum state_list l = 0; l < STATE_LISTS; l++)
		json_decref(s->list[l]);
}

static json_t *one_mac(const char *text)
{
	char mac[18];

	lower(mac, sizeof(mac), text);
	return json_string(mac);
}

static json_t *one_ranges(const char *text)
{
	uint64_t bits[65536 / 64]; /* VLAN ids, TCP ports */
	char out[16384];	   /* every other number of 4096; a list with more stays as it is */

	if (ranges_parse(text, bits, 65536, 0, 65535) != 0 ||
	    ranges_format(bits, 65536, out, sizeof(out)) < 0)
		return json_string(text);
	return json_string(out);
}

/* Addresses as inet_ntop(3) writes them, in the order given, since the first is the primary one. */
static json_t *one_prefixes(const char *text)
{
	json_t *list = json_array();

	while (text) {
		const char *comma = strchr(text, ','), *slash = strchr(text, '/');
		char addr[INET6_ADDRSTRLEN] = "", item[INET6_ADDRSTRLEN + 16];
		unsigned char bin[16];
		int af;

		snprintf(addr, sizeof(addr), "%.*s", slash ? (int)(slash - text) : 0, text);
		af = strchr(addr, ':') ? AF_INET6 : AF_INET;
		if (inet_pton(af, addr, bin) == 1)
			inet_ntop(af, bin, addr, sizeof(addr));
		snprintf(item, sizeof(item), "%s/%d", addr, slash ? atoi(slash + 1) : -1);
		json_array_append_new(list, json_string(item));
		text = comma ? comma + 1 : NULL;
	}
	return list;
}

json_t *state_value(const struct api_object *o, const struct api_key *k, const json_t *obj)
{
	json_t *v = json_object_get(obj, k->name);

	/* The one key whose absence means the very value of another key, and always the same one.
	 */
	if (!v && strcmp(k->name, "ifname") == 0)
		v = json_object_get(obj, "name");
	if (!v && api_key_def(k, obj))
		v = api_value_from_text(k, api_key_def(k, obj), NULL);
	else
		json_incref(v);
	if (json_is_string(v)) {
		const char *text = json_string_value(v);
		json_t *one = k->type == API_MAC      ? one_mac(text)
			      : k->type == API_RANGES ? one_ranges(text)
			      : k->type == API_PREFIX ? one_prefixes(text)
						      : json_incref(v);

		json_decref(v);
		v = one;
	}
	return v;
}

/* Sets the members of params in a copy of obj. */
static json_t *merged(const struct api_object *o, const json_t *obj, const json_t *params)
{
	json_t *copy = json_copy((json_t *)obj);

	if (json_object_update(copy, (json_t *)params) != 0)
		goto free_copy;
	for (const struct api_key *k = o->keys; k->name; k++) {
		const char *text = api_key_def(k, copy);
		json_t *now = state_value(o, k, copy);
		json_t *def = text ? api_value_from_text(k, text, NULL) : NULL;

		if (def && json_equal(now, def))
			json_object_del(copy, k->name);
		json_decref(now);
		json_decref(def);
	}
	return copy;

free_copy:
	json_decref(copy);
	return NULL;
}

int state_change(struct state *s, const json_t *change)
{
	const char *verb = json_get_str(change, "verb", "");
	const char *object = json_get_str(change, "object", "");
	const json_t *params = json_object_get(change, "params");
	enum state_list l = 0;
	json_t *next;
	char id[128];

	while (l < STATE_LISTS && strcmp(names[l], object) != 0)
		l++;
	if (l == STATE_LISTS) {
		next = merged(api_object_find("switch"), s->sw, params);
		json_decref(s->sw);
		s->sw = next;
		return next ? 0 : -ENOMEM;
	}
	state_id(l, params, id, sizeof(id));
	if (strcmp(verb, "del") == 0)
		return json_object_del(s->list[l], id) == 0 ? 0 : -ENOENT;
	if (strcmp(verb, "add") == 0)
		return json_object_set_new(s->list[l], id, json_copy((json_t *)params)) == 0
			       ? 0
			       : -ENOMEM;
	next = merged(state_object(l), json_object_get(s->list[l], id), params);
	return next && json_object_set_new(s->list[l], id, next) == 0 ? 0 : -ENOMEM;
}
