/* SPDX-License-Identifier: BSD-3-Clause */
/* A model switch that keeps a configuration, refuses what a real one would, and fails when told. */
#include "vswitch/ctrl/apply.h"

#include "api/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct model {
	json_t *config;
	int calls;
	int fail_at;   /* the call that fails, from 0; -1: none */
	int fail_also; /* and this one */
};

static json_t *list_of(const struct model *m, const char *object)
{
	return json_object_get(m->config, api_object_find(object)->member);
}

static bool same(const char *object, const json_t *a, const json_t *b)
{
	if (strcmp(object, "fdb") != 0)
		return strcmp(json_get_str(a, "name", ""), json_get_str(b, "name", "")) == 0;
	return strcmp(json_get_str(a, "bridge", ""), json_get_str(b, "bridge", "")) == 0 &&
	       strcasecmp(json_get_str(a, "mac", ""), json_get_str(b, "mac", "")) == 0 &&
	       json_get_int(a, "vlan", 1) == json_get_int(b, "vlan", 1);
}

static int find(const struct model *m, const char *object, const json_t *params)
{
	json_t *item;
	size_t i;

	json_array_foreach (list_of(m, object), i, item)
		if (same(object, item, params))
			return (int)i;
	return -1;
}

static bool any(const struct model *m, const char *object, const char *key, const json_t *params)
{
	const char *value = json_get_str(params, key, NULL);

	return value && json_find(list_of(m, object), key, value);
}

static int add(struct model *m, const char *object, const json_t *params)
{
	if (find(m, object, params) >= 0 || any(m, object, "socket", params))
		return -EEXIST;
	if (strcmp(object, "port") == 0 &&
	    !json_find(list_of(m, "bridge"), "name", json_get_str(params, "bridge", "")))
		return -ENOENT;
	if (strcmp(object, "fdb") == 0 &&
	    !json_find(list_of(m, "port"), "name", json_get_str(params, "port", "")))
		return -ENOENT;
	return json_array_append_new(list_of(m, object), json_deep_copy(params));
}

static int del(struct model *m, const char *object, const json_t *params)
{
	const char *name = json_get_str(params, "name", "");
	int i = find(m, object, params);

	if (i < 0)
		return -ENOENT;
	if (strcmp(object, "bridge") == 0 && json_find(list_of(m, "port"), "bridge", name))
		return -EBUSY;
	if (strcmp(object, "port") == 0 && json_find(list_of(m, "fdb"), "port", name))
		return -EBUSY;
	return json_array_remove(list_of(m, object), (size_t)i);
}

static int set(struct model *m, const char *object, const json_t *params)
{
	json_t *next = json_deep_copy(m->config), *obj, *list;

	if (strcmp(object, "switch") == 0) {
		obj = json_object_get(next, "switch");
	} else {
		list = json_object_get(next, api_object_find(object)->member);
		obj = json_array_get(list, (size_t)find(m, object, params));
	}
	assert_non_null(obj);
	json_object_update(obj, (json_t *)params);
	api_strip_defaults(next);
	if (!json_object_get(next, "switch"))
		json_object_set_new(next, "switch", json_object());
	json_decref(m->config);
	m->config = next;
	return 0;
}

static int model_call(void *ctx, const char *method, const json_t *params, struct err *e)
{
	struct model *m = ctx;
	const struct api_method *am = api_method_find(method);
	const char *verb = strchr(method, '.') + 1;
	int n = m->calls++, ret;

	assert_non_null(am);
	if (api_check_params(am, params, e) != 0)
		fail_msg("%s: %s %s", method, e->path, e->text);
	if (n == m->fail_at || n == m->fail_also)
		return err_at(e, -EIO, n == m->fail_at ? "/name" : "", "call %d fails", n);
	ret = strcmp(verb, "add") == 0	 ? add(m, am->object, params)
	      : strcmp(verb, "del") == 0 ? del(m, am->object, params)
					 : set(m, am->object, params);
	if (ret != 0) {
		char *text = json_dumps(params, 0);

		fail_msg("%s %s: %s", method, text, strerror(-ret));
	}
	/* No step may pass through a state that could not be configured. */
	if (api_check_config(m->config, e) != 0)
		fail_msg("after %s: %s %s", method, e->path, e->text);
	return 0;
}

/* A configuration, written with ' for ". */
static json_t *config(const char *text)
{
	json_error_t at;
	struct err e = {0};
	char *quoted = strdup(text);
	json_t *c;

	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	c = json_loads(quoted, 0, &at);
	free(quoted);
	if (!c)
		fail_msg("%s in %s", at.text, text);
	if (api_check_config(c, &e) != 0)
		fail_msg("%s %s in %s", e.path, e.text, text);
	return c;
}

/* What the model starts from: all members there. */
static json_t *complete(const json_t *c)
{
	json_t *full = json_pack("{s:i,s:{},s:[],s:[],s:[]}", "version", 1, "switch", "bridges",
				 "ports", "fdb"),
	       *copy = json_deep_copy(c);

	json_object_update(full, copy);
	json_decref(copy);
	return full;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The configuration as text in which neither the order of a list nor a default matters. */
static char *canonical(const json_t *c)
{
	json_t *copy = complete(c), *item;
	char *out = calloc(1, 65536), *line[64];

	api_strip_defaults(copy);
	for (const struct api_object *o = api_objects; o->name; o++) {
		json_t *v = o->member ? json_object_get(copy, o->member) : NULL;
		size_t n = 0, i;

		if (json_is_object(v))
			line[n++] = json_dumps(v, JSON_SORT_KEYS);
		json_array_foreach (v, i, item)
			line[n++] = json_dumps(item, JSON_SORT_KEYS);
		qsort(line, n, sizeof(line[0]), by_text);
		for (i = 0; i < n; i++) {
			strcat(out, line[i]);
			strcat(out, "\n");
			free(line[i]);
		}
	}
	json_decref(copy);
	return out;
}

static void assert_same(const json_t *a, const json_t *b)
{
	char *ta = canonical(a), *tb = canonical(b);

	assert_string_equal(ta, tb);
	free(ta);
	free(tb);
}

#define B(rest)	   "{'name':'br0'" rest "}"
#define P(rest)	   "{'name':'p0','kind':'host','bridge':'br0'" rest "}"
#define V(n, sock) "{'name':'" n "','kind':'vhost','bridge':'br0','socket':'" sock "'}"
#define F(port)	   "{'bridge':'br0','port':'" port "','mac':'52:54:00:00:00:0a'}"
#define C(b, p, f) "{'bridges':[" b "],'ports':[" p "],'fdb':[" f "]}"

/* The tests go from each of these to each other. */
static const char *const configs[] = {
	"{}",
	"{'switch':{'poll':'always'}}",
	C(B(""), "", ""),
	C(B(",'fdb-max':4096"), "", ""),
	C(B(",'mtu':9000,'link-local':true"), P("") "," V("v0", "/0"), F("p0")),
	"{'switch':{'mtu':9000},'bridges':[" B("") "],'ports':[" P(",'mtu':9000") "]}",
	"{'switch':{'mtu':1500},'bridges':[" B(",'mtu':1400") "],'ports':[" P(",'mtu':1400") "]}",
	C(B(""), P(",'mtu':1400") "," V("v0", "/0"), F("v0")),
	C(B(",'fdb-max':4096"), V("v0", "/1") "," V("v1", "/0"), F("v0")),
	C(B(",'ageing':0"), V("v0", "/0") "," V("v1", "/1") "," P(",'learn-limit':3"), F("p0")),
	C(B(""), P(",'vlan-mode':'trunk','vlans':'10-20','pvid':0") "," V("v0", "/0"), F("p0")),
	C(B("") ",{'name':'br1'}",
	  P(",'persist':true") ",{'name':'v0','kind':'vhost','bridge':'br1','socket':'/0'}",
	  F("p0") ",{'bridge':'br1','port':'v0','mac':'52:54:00:00:00:0a','vlan':7}"),
	("{'switch':{'poll':'always'},'bridges':[{'name':'br1'}],"
	 "'ports':[{'name':'p0','kind':'ethdev','bridge':'br1','device':'net_null0'}]}"),
};
#define N (sizeof(configs) / sizeof(configs[0]))

static void each_to_each(void **state)
{
	for (size_t i = 0; i < N * N; i++) {
		json_t *from = config(configs[i / N]), *to = config(configs[i % N]), *plan, *rest;
		struct model m = {.config = complete(from), .fail_at = -1, .fail_also = -1};
		struct err e = {0};

		plan = apply_plan(from, to, &e);
		assert_non_null(plan);
		if (i / N == i % N)
			assert_int_equal(json_array_size(plan), 0);
		assert_int_equal(apply_run(plan, from, model_call, &m, &e), 0);
		assert_int_equal(m.calls, json_array_size(plan));
		assert_same(m.config, to);
		rest = apply_plan(m.config, to, &e);
		assert_int_equal(json_array_size(rest), 0);
		json_decref(rest);
		json_decref(plan);
		json_decref(m.config);
		json_decref(from);
		json_decref(to);
	}
}

static void failure_at_each_step_changes_nothing(void **state)
{
	for (size_t i = 0; i < N * N; i++) {
		json_t *from = config(configs[i / N]), *to = config(configs[i % N]), *plan;
		struct err e = {0};
		int steps;

		plan = apply_plan(from, to, &e);
		assert_non_null(plan);
		steps = (int)json_array_size(plan);
		for (int k = 0; k < steps; k++) {
			const char *path =
				json_get_str(json_array_get(plan, (size_t)k), "path", "");
			struct model m = {.config = complete(from), .fail_at = k, .fail_also = -1};

			assert_int_equal(apply_run(plan, from, model_call, &m, &e), -EIO);
			assert_int_equal(e.code, -EIO);
			assert_true(strncmp(e.path, path, strlen(path)) == 0);
			assert_null(strstr(e.text, "could not restore"));
			assert_same(m.config, from);
			json_decref(m.config);
			memset(&e, 0, sizeof(e));
		}
		json_decref(plan);
		json_decref(from);
		json_decref(to);
	}
}

/* The plan as text, one change a line. */
static void assert_plan(const char *from, const char *to, const char *want)
{
	json_t *a = config(from), *b = config(to), *plan = apply_plan(a, b, NULL), *c;
	char got[4096] = "";
	size_t i, len = 0;

	json_array_foreach (plan, i, c) {
		char *params = json_dumps(json_object_get(c, "params"), JSON_COMPACT);

		for (char *p = params; *p; p++)
			if (*p == '"')
				*p = '\'';
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s %s %s %s @%s\n",
					json_get_str(c, "verb", ""), json_get_str(c, "object", ""),
					json_get_str(c, "name", ""), params,
					json_get_str(c, "path", ""));
		free(params);
	}
	assert_string_equal(got, want);
	json_decref(plan);
	json_decref(a);
	json_decref(b);
}

static void order_of_steps(void **state)
{
	assert_plan("{'bridges':[{'name':'old'}],"
		    "'ports':[{'name':'p','kind':'host','bridge':'old'}],"
		    "'fdb':[{'bridge':'old','port':'p','mac':'52:54:00:00:00:01'}]}",
		    "{'switch':{'poll':'always'},'bridges':[{'name':'new'}],"
		    "'ports':[{'name':'p','kind':'host','bridge':'new'}],"
		    "'fdb':[{'bridge':'new','port':'p','mac':'52:54:00:00:00:01','vlan':2}]}",
		    "del fdb old 52:54:00:00:00:01 vlan 1 "
		    "{'bridge':'old','mac':'52:54:00:00:00:01'} @\n"
		    "del port p {'name':'p'} @/ports/0\n"
		    "del bridge old {'name':'old'} @\n"
		    "set switch switch {'poll':'always'} @/switch\n"
		    "add bridge new {'name':'new'} @/bridges/0\n"
		    "add port p {'name':'p','kind':'host','bridge':'new'} @/ports/0\n"
		    "add fdb new 52:54:00:00:00:01 vlan 2 "
		    "{'bridge':'new','port':'p','mac':'52:54:00:00:00:01','vlan':2} @/fdb/0\n");
}

static void making_a_bridge_anew_takes_its_ports_along(void **state)
{
	assert_plan(C(B("") ",{'name':'br1'}", P("") ",{'name':'q','kind':'host','bridge':'br1'}",
		      F("p0")),
		    C(B(",'fdb-max':2048") ",{'name':'br1'}",
		      P("") ",{'name':'q','kind':'host','bridge':'br1'}", F("p0")),
		    "del fdb br0 52:54:00:00:00:0a vlan 1 "
		    "{'bridge':'br0','mac':'52:54:00:00:00:0a'} @/fdb/0\n"
		    "del port p0 {'name':'p0'} @/ports/0\n"
		    "del bridge br0 {'name':'br0'} @/bridges/0\n"
		    "add bridge br0 {'name':'br0','fdb-max':2048} @/bridges/0\n"
		    "add port p0 {'name':'p0','kind':'host','bridge':'br0'} @/ports/0\n"
		    "add fdb br0 52:54:00:00:00:0a vlan 1 "
		    "{'bridge':'br0','port':'p0','mac':'52:54:00:00:00:0a'} @/fdb/0\n");
}

static void settable_keys_are_set(void **state)
{
	assert_plan(C(B(""), P(""), ""), C(B(",'mtu':9000"), P(",'mtu':9000"), ""),
		    "set bridge br0 {'name':'br0','mtu':9000} @/bridges/0\n"
		    "set port p0 {'name':'p0','mtu':9000} @/ports/0\n");
	/* back to the default */
	assert_plan(C(B(",'mtu':9000"), "", ""), C(B(""), "", ""),
		    "set bridge br0 {'name':'br0','mtu':'auto'} @/bridges/0\n");
	assert_plan("{'switch':{'poll':'always'}}", "{}",
		    "set switch switch {'poll':'adaptive'} @\n");
	assert_plan(C(B(""), P(",'mtu':1400"), ""), C(B(""), P(""), ""),
		    "set port p0 {'name':'p0','mtu':'auto'} @/ports/0\n");
	/* auto is absence; an MTU that is declared is something else, even if it is the same */
	assert_plan(C(B(""), P(""), ""), C(B(",'mtu':'auto'"), P(",'mtu':'auto'"), ""), "");
	assert_plan(C(B(""), "", ""), C(B(",'mtu':1500"), "", ""),
		    "set bridge br0 {'name':'br0','mtu':1500} @/bridges/0\n");
}

static void spelling_does_not_matter(void **state)
{
	assert_plan(C(B(",'mtu':'auto'"), P(""), F("p0")),
		    C(B(""), P(",'ifname':'p0','queues':1"), F("p0")), "");
	assert_plan(
		C(B(""), P(",'mac':'52:54:00:00:00:AB','address':'192.0.2.1/24,2001:DB8:0::1/64'"),
		  "{'bridge':'br0','port':'p0','mac':'52:54:00:00:00:CD'}"),
		C(B(""), P(",'mac':'52:54:00:00:00:ab','address':'192.0.2.1/24,2001:db8::1/64'"),
		  "{'bridge':'br0','port':'p0','mac':'52:54:00:00:00:cd','vlan':1}"),
		"");
	assert_plan(C(B(""), P(",'vlan-mode':'trunk','vlans':'3,1-2'"), ""),
		    C(B(""), P(",'vlan-mode':'trunk','vlans':'1-3'"), ""), "");
}

static void bad_desired_configuration(void **state)
{
	json_t *bad = json_pack("{s:[{s:s}]}", "ports", "name", "p0"), *none = json_object();
	struct err e = {0};

	assert_null(apply_plan(none, bad, &e));
	assert_int_equal(e.code, -EINVAL);
	assert_string_equal(e.path, "/ports/0");
	json_decref(bad);
	json_decref(none);
}

/* The MTUs of a configuration are checked as a whole, wherever it comes from. */
static void mtus_that_cannot_hold(void **state)
{
	static const struct {
		const char *config, *path;
		const char *says[3];
	} cases[] = {
		{C(B(""), P(",'mtu':9000"), ""),
		 "/ports/0/mtu",
		 {"port p0 declares 9000", "bridge br0", "1500 (from: default)"}},
		{C(B(",'mtu':4000"), V("v0", "/0") "," P(",'mtu':4001"), ""),
		 "/ports/1/mtu",
		 {"port p0 declares 4001", "bridge br0", "4000 (from: bridge br0)"}},
		{"{'switch':{'mtu':1500},'bridges':[{'name':'a'}," B(",'mtu':9000") "]}",
		 "/bridges/1/mtu",
		 {"bridge br0 declares 9000", "site", "1500 (from: site)"}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *none = json_object(), *to = config(cases[i].config);
		struct err e = {0};

		assert_null(apply_plan(none, to, &e));
		assert_int_equal(e.code, -EINVAL);
		assert_string_equal(e.path, cases[i].path);
		for (int j = 0; j < 3; j++)
			assert_non_null(strstr(e.text, cases[i].says[j]));
		json_decref(none);
		json_decref(to);
	}
}

static void a_failed_way_back_is_told(void **state)
{
	json_t *from = config(C(B(""), V("v0", "/0"), "")),
	       *to = config(C(B(""), V("v0", "/1"), ""));
	struct model m = {.config = complete(from), .fail_at = 1, .fail_also = 2};
	json_t *plan = apply_plan(from, to, NULL);
	struct err e = {0};

	assert_int_equal(json_array_size(plan), 2);
	assert_int_equal(apply_run(plan, from, model_call, &m, &e), -EIO);
	assert_string_equal(e.path, "/ports/0/name");
	assert_string_equal(e.text, "call 1 fails; could not restore port v0: call 2 fails");
	json_decref(plan);
	json_decref(m.config);
	json_decref(from);
	json_decref(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_to_each),
		cmocka_unit_test(failure_at_each_step_changes_nothing),
		cmocka_unit_test(order_of_steps),
		cmocka_unit_test(making_a_bridge_anew_takes_its_ports_along),
		cmocka_unit_test(settable_keys_are_set),
		cmocka_unit_test(spelling_does_not_matter),
		cmocka_unit_test(bad_desired_configuration),
		cmocka_unit_test(mtus_that_cannot_hold),
		cmocka_unit_test(a_failed_way_back_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
