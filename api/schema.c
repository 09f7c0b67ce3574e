/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/schema.h"

#include "base/mac.h"
#include "base/ranges.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct api_object *api_object_find(const char *name)
{
	for (const struct api_object *o = api_objects; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

const struct api_method *api_method_find(const char *name)
{
	for (const struct api_method *m = api_methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static const struct api_key *find_key(const struct api_key *keys, const char *name)
{
	for (; keys && keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

/* Behind a host's interface or a guest stands one owner who may be answered; behind a device, a
 * network that flue may not be the only switch of. */
static bool ptb_by_kind(const json_t *port)
{
	return strcmp(json_get_str(port, "kind", ""), "ethdev") != 0;
}

bool api_port_ptb(const json_t *port)
{
	return json_get_bool(port, "ptb", ptb_by_kind(port));
}

const char *api_key_def(const struct api_key *k, const json_t *obj)
{
	if (strcmp(k->name, "ptb") == 0)
		return ptb_by_kind(obj) ? "on" : "off";
	return k->def;
}

unsigned int api_kind_flag(const char *kind)
{
	if (strcmp(kind, "host") == 0)
		return API_HOST;
	if (strcmp(kind, "vhost") == 0)
		return API_VHOST;
	return strcmp(kind, "ethdev") == 0 ? API_ETHDEV : 0;
}

/* All keys are taken by ~0u, those without any flag too. */
static int takes(const struct api_method *m, const struct api_key *key)
{
	return m->of_object == ~0u || (m->of_object & key->flags);
}

const struct api_key *api_method_key(const struct api_method *m, const char *name)
{
	const struct api_key *k = find_key(m->keys, name);

	if (k)
		return k;
	k = m->of_object ? find_key(api_object_find(m->object)->keys, name) : NULL;
	return k && takes(m, k) ? k : NULL;
}

int api_takes_auto(const struct api_key *k)
{
	return k->type == API_UINT && k->def && strcmp(k->def, "auto") == 0;
}

/* A key that only one kind of port knows is required only there: see check_kind(). */
int api_method_needs(const struct api_method *m, const struct api_key *key)
{
	if (key->flags & API_KINDS)
		return 0;
	if (m->needs & API_REQUIRED)
		return (key->flags & API_REQUIRED) != 0;
	return (m->needs & key->flags) != 0;
}

void api_method_each_key(const struct api_method *m,
			 void (*visit)(void *arg, const struct api_key *key), void *arg)
{
	const struct api_object *o = api_object_find(m->object);

	if (m->of_object)
		for (const struct api_key *k = o->keys; k && k->name; k++)
			if (takes(m, k))
				visit(arg, k);
	for (const struct api_key *k = m->keys; k && k->name; k++)
		visit(arg, k);
}

/* The largest numbers that are written in ranges are TCP ports. */
enum { RANGES_BITS = 65536 };

static int is_name(const char *s)
{
	if (!isalnum((unsigned char)*s))
		return 0;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return 0;
	return 1;
}

static int is_prefix_list(const char *s)
{
	do {
		char item[64], *slash, *end;
		const char *comma = strchr(s, ',');
		size_t len = comma ? (size_t)(comma - s) : strlen(s);
		unsigned char addr[16];
		unsigned long plen;
		int v6;

		if (len == 0 || len >= sizeof(item))
			return 0;
		memcpy(item, s, len);
		item[len] = '\0';
		slash = strchr(item, '/');
		if (!slash || !isdigit((unsigned char)slash[1]))
			return 0;
		*slash = '\0';
		plen = strtoul(slash + 1, &end, 10);
		v6 = strchr(item, ':') != NULL;
		if (*end || plen > (v6 ? 128 : 32) ||
		    inet_pton(v6 ? AF_INET6 : AF_INET, item, addr) != 1)
			return 0;
		s = comma ? comma + 1 : NULL;
	} while (s);
	return 1;
}

static int is_one_of(const char *values, const char *s)
{
	size_t len = strlen(s);

	if (strchr(s, '|'))
		return 0;
	for (const char *p = values; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (len > 0 && strncmp(p, s, len) == 0 && (p[len] == '|' || p[len] == '\0'))
			return 1;
	return 0;
}

static int check_text(const struct api_key *k, const char *s, const char *path, struct err *e)
{
	uint64_t bits[RANGES_BITS / 64];
	uint8_t mac[6];

	switch (k->type) {
	case API_NAME:
		if (strlen(s) > (size_t)k->max || !is_name(s))
			return err_at(
				e, -EINVAL, path,
				"%s: '%.40s' is not a name; use up to %d letters, digits, '.', '_' "
				"or '-', the first a letter or digit",
				k->name, s, (int)k->max);
		return 0;
	case API_STR:
		if (strlen(s) < (size_t)k->min || strlen(s) > (size_t)k->max)
			return err_at(e, -EINVAL, path, "%s: must have %d to %d characters",
				      k->name, (int)k->min, (int)k->max);
		return 0;
	case API_ENUM:
		if (!is_one_of(k->values, s))
			return err_at(e, -EINVAL, path, "%s: '%.40s' is not one of %s", k->name, s,
				      k->values);
		return 0;
	case API_RANGES:
		if (ranges_parse(s, bits, RANGES_BITS, (unsigned int)k->min,
				 (unsigned int)k->max) != 0)
			return err_at(e, -EINVAL, path,
				      "%s: '%.40s' is not a list such as 10,20-30 of numbers from "
				      "%d to %d",
				      k->name, s, (int)k->min, (int)k->max);
		return 0;
	case API_MAC:
		if (!mac_parse(s, mac))
			return err_at(e, -EINVAL, path,
				      "%s: '%.40s' is not an address such as 52:54:00:12:34:56",
				      k->name, s);
		return 0;
	case API_PREFIX:
		if (!is_prefix_list(s))
			return err_at(
				e, -EINVAL, path,
				"%s: '%.80s' is not a list such as 192.0.2.1/24,2001:db8::1/64",
				k->name, s);
		return 0;
	default:
		return err_at(e, -EINVAL, path, "%s: not a string", k->name);
	}
}

int api_check_value(const struct api_key *k, const json_t *v, const char *path, struct err *e)
{
	static const char *const want[] = {
		[API_STR] = "a string",	      [API_NAME] = "a string",	 [API_UINT] = "an integer",
		[API_BOOL] = "true or false", [API_ENUM] = "a string",	 [API_RANGES] = "a string",
		[API_MAC] = "a string",	      [API_PREFIX] = "a string", [API_CONFIG] = "an object",
	};
	int ok;

	if (k->type == API_UINT) {
		int64_t n = json_integer_value(v);

		if (json_is_integer(v) && (n < k->min || n > k->max)) {
			if (k->max == INT64_MAX)
				return err_at(e, -EINVAL, path, "%s: %lld is below %lld", k->name,
					      (long long)n, (long long)k->min);
			return err_at(e, -EINVAL, path, "%s: %lld is outside %lld to %lld", k->name,
				      (long long)n, (long long)k->min, (long long)k->max);
		}
		if (api_takes_auto(k)) {
			if (json_is_string(v) && strcmp(json_string_value(v), "auto") == 0)
				return 0;
			if (!json_is_integer(v))
				return err_at(e, -EINVAL, path, "%s: must be an integer, or auto",
					      k->name);
		}
		ok = json_is_integer(v);
	} else if (k->type == API_BOOL) {
		ok = json_is_boolean(v);
	} else if (k->type == API_CONFIG) {
		ok = json_is_object(v);
	} else {
		ok = json_is_string(v);
		if (ok)
			return check_text(k, json_string_value(v), path, e);
	}
	if (!ok)
		return err_at(e, -EINVAL, path, "%s: must be %s", k->name, want[k->type]);
	return 0;
}

static json_t *bool_from_text(const char *s)
{
	static const char *const yes[] = {"on", "yes", "true", "1"};
	static const char *const no[] = {"off", "no", "false", "0"};

	for (int i = 0; i < 4; i++) {
		if (strcmp(s, yes[i]) == 0)
			return json_true();
		if (strcmp(s, no[i]) == 0)
			return json_false();
	}
	return NULL;
}

json_t *api_value_from_text(const struct api_key *k, const char *text, struct err *e)
{
	json_t *v = NULL;
	char *end;

	switch (k->type) {
	case API_UINT: {
		if (api_takes_auto(k) && strcmp(text, "auto") == 0)
			return json_string(text);
		errno = 0;
		long long n = strtoll(text, &end, 0);

		if (errno == 0 && end != text && *end == '\0')
			v = json_integer(n);
		else
			err_set(e, -EINVAL, "%s: '%.40s' is not a number%s", k->name, text,
				api_takes_auto(k) ? " or auto" : "");
		break;
	}
	case API_BOOL:
		v = bool_from_text(text);
		if (!v)
			err_set(e, -EINVAL, "%s: '%.40s' is not on or off", k->name, text);
		break;
	case API_CONFIG:
		err_set(e, -EINVAL, "%s: cannot be given as text", k->name);
		break;
	default:
		v = json_string(text);
		if (!v)
			err_set(e, -EINVAL, "%s: not valid UTF-8", k->name);
	}
	if (v && api_check_value(k, v, "", e) != 0) {
		json_decref(v);
		return NULL;
	}
	return v;
}

struct need {
	const struct api_method *m;
	const json_t *params;
	struct err *e;
	int ret;
};

static void check_needed(void *arg, const struct api_key *k)
{
	struct need *n = arg;

	if (n->ret == 0 && api_method_needs(n->m, k) && !json_object_get(n->params, k->name))
		n->ret = err_set(n->e, -EINVAL, "%s: missing (%s)", k->name, k->help);
}

int api_check_params(const struct api_method *m, const json_t *params, struct err *e)
{
	struct need n = {m, params, e, 0};
	const char *name;
	json_t *v;

	if (params && !json_is_object(params))
		return err_at(e, -EINVAL, "", "parameters must be an object with named members");
	json_object_foreach ((json_t *)params, name, v) {
		const struct api_key *k = api_method_key(m, name);
		char at[128];

		snprintf(at, sizeof(at), "/%s", name);
		if (!k)
			return err_at(e, -EINVAL, at,
				      "%.40s: %s takes no such key; see 'flue %s help'", name,
				      m->name, m->object);
		if (api_check_value(k, v, at, e) != 0)
			return -EINVAL;
	}
	api_method_each_key(m, check_needed, &n);
	if (n.ret == 0 && strcmp(m->name, "port.add") == 0)
		n.ret = api_check_port(params, "", e);
	if (n.ret == 0 && strcmp(m->name, "nic.add") == 0)
		n.ret = api_check_nic(params, "", e);
	return n.ret;
}
