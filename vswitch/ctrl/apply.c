/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/apply.h"

#include "api/schema.h"
#include "vswitch/ctrl/mtu_config.h"
#include "vswitch/ctrl/state.h"

#include <stdio.h>
#include <string.h>

struct planner {
	struct state cur, des;
	/* Identity -> index in the desired list, of objects that are made anew. */
	json_t *again[STATE_LISTS];
	json_t *changes;
	int ret; /* 0, or -ENOMEM once something was not added */
};

static bool differs(const struct api_object *o, const struct api_key *k, const json_t *a,
		    const json_t *b)
{
	json_t *va = state_value(o, k, a), *vb = state_value(o, k, b);
	bool same = va == vb || (va && vb && json_equal(va, vb));

	json_decref(va);
	json_decref(vb);
	return !same;
}

/* Is there a difference that a `set` cannot express? */
static bool needs_again(const struct api_object *o, const json_t *cur, const json_t *des)
{
	for (const struct api_key *k = o->keys; k->name; k++) {
		bool can_set = (k->flags & API_SET) &&
			       (json_object_get(des, k->name) || api_key_def(k, des));

		if (!can_set && !(k->flags & API_ID) && differs(o, k, cur, des))
			return true;
	}
	return false;
}

/* Does the object that this one hangs on go, for a while or for good? */
static bool loses_ground(const struct planner *p, enum state_list l, const json_t *obj)
{
	static const char *const ref[] = {[STATE_PORTS] = "bridge", [STATE_FDB] = "port"};
	const char *on;

	if (l == STATE_BRIDGES)
		return false;
	on = json_get_str(obj, ref[l], "");
	return json_object_get(p->again[l - 1], on) || !json_object_get(p->des.list[l - 1], on);
}

static void mark_again(struct planner *p)
{
	const char *id;
	json_t *obj;

	for (enum state_list l = 0; l < STATE_LISTS; l++) {
		int i = 0;

		json_object_foreach (p->des.list[l], id, obj) {
			const json_t *cur = json_object_get(p->cur.list[l], id);

			if (cur &&
			    (needs_again(state_object(l), cur, obj) || loses_ground(p, l, cur)))
				p->ret |= json_object_set_new(p->again[l], id, json_integer(i));
			i++;
		}
	}
}

/* Takes over params; index: of the object in its list of the desired configuration, or -1. */
static void emit(struct planner *p, const char *verb, const struct api_object *o, const char *name,
		 json_t *params, int index)
{
	json_t *c = json_pack("{s:s,s:s,s:s,s:o}", "verb", verb, "object", o->name, "name", name,
			      "params", params);
	char path[64];

	if (index >= 0) {
		snprintf(path, sizeof(path), "/%s/%d", o->member, index);
		p->ret |= json_object_set_new(c, "path", json_string(path));
	} else if (strcmp(o->name, "switch") == 0 && json_object_size(p->des.sw) > 0) {
		snprintf(path, sizeof(path), "/%s", o->member);
		p->ret |= json_object_set_new(c, "path", json_string(path));
	}
	p->ret |= json_array_append_new(p->changes, c);
}

static json_t *identity(const struct api_object *o, const json_t *obj)
{
	json_t *params = json_object();

	for (const struct api_key *k = o->keys; k->name; k++)
		if ((k->flags & API_ID) && json_object_get(obj, k->name))
			json_object_set(params, k->name, json_object_get(obj, k->name));
	return params;
}

static void plan_dels(struct planner *p, enum state_list l)
{
	const struct api_object *o = state_object(l);
	const char *id;
	json_t *obj;

	json_object_foreach (p->cur.list[l], id, obj) {
		int index = (int)json_get_int(p->again[l], id, -1);

		if (index >= 0 || !json_object_get(p->des.list[l], id))
			emit(p, "del", o, id, identity(o, obj), index);
	}
}

/* Adds to params what `set` must say; how many keys. */
static int add_settings(const struct api_object *o, const json_t *cur, const json_t *des,
			json_t *params)
{
	int n = 0;

	for (const struct api_key *k = o->keys; k->name; k++) {
		json_t *v = json_object_get(des, k->name);

		if (!(k->flags & API_SET) || !differs(o, k, cur, des))
			continue;
		json_object_set_new(params, k->name,
				    v ? json_incref(v)
				      : api_value_from_text(k, api_key_def(k, des), NULL));
		n++;
	}
	return n;
}

static void plan_ups(struct planner *p, enum state_list l)
{
	const struct api_object *o = state_object(l);
	const char *id;
	json_t *obj;
	int i = 0;

	json_object_foreach (p->des.list[l], id, obj) {
		const json_t *cur = json_object_get(p->cur.list[l], id);
		json_t *params;

		if (!cur || json_object_get(p->again[l], id)) {
			emit(p, "add", o, id, json_copy(obj), i);
		} else {
			params = identity(o, obj);
			if (add_settings(o, cur, obj, params) > 0)
				emit(p, "set", o, id, params, i);
			else
				json_decref(params);
		}
		i++;
	}
}

static void plan_switch(struct planner *p)
{
	const struct api_object *o = api_object_find("switch");
	json_t *params = json_object();

	if (add_settings(o, p->cur.sw, p->des.sw, params) > 0)
		emit(p, "set", o, "switch", params, -1);
	else
		json_decref(params);
}

/* The plan between two loaded states, or NULL: no memory. */
static json_t *plan(struct planner *p)
{
	p->changes = json_array();
	for (enum state_list l = 0; l < STATE_LISTS; l++)
		p->again[l] = json_object();
	mark_again(p);
	for (int l = STATE_LISTS - 1; l >= 0; l--)
		plan_dels(p, (enum state_list)l);
	plan_switch(p);
	for (enum state_list l = 0; l < STATE_LISTS; l++)
		plan_ups(p, l);
	for (enum state_list l = 0; l < STATE_LISTS; l++)
		json_decref(p->again[l]);
	if (p->ret == 0)
		return p->changes;
	json_decref(p->changes);
	return NULL;
}

json_t *apply_plan(const json_t *current, const json_t *desired, struct err *e)
{
	struct planner p = {0};
	json_t *changes = NULL;

	if (api_check_config(desired, e) != 0 || mtu_check_config(desired, e) != 0)
		return NULL;
	if (state_load(&p.cur, current) == 0 && state_load(&p.des, desired) == 0)
		changes = plan(&p);
	state_free(&p.cur);
	state_free(&p.des);
	if (!changes)
		err_set(e, -ENOMEM, "no memory to compare the configurations");
	return changes;
}

static int run_change(const json_t *change, apply_call call, void *ctx, struct err *e)
{
	char method[64];

	snprintf(method, sizeof(method), "%s.%s", json_get_str(change, "object", ""),
		 json_get_str(change, "verb", ""));
	return call(ctx, method, json_object_get(change, "params"), e);
}

/* Goes back from what the first `done` changes led to. Returns how many steps of that failed and
 * writes the first failure to text. */
static int roll_back(const json_t *changes, size_t done, const json_t *current, apply_call call,
		     void *ctx, char *text, size_t size)
{
	struct planner p = {0};
	json_t *back = NULL, *change;
	int failed = 0;
	size_t i;

	p.ret = state_load(&p.cur, current);
	p.ret |= state_load(&p.des, current);
	for (i = 0; i < done; i++)
		p.ret |= state_change(&p.cur, json_array_get(changes, i));
	if (p.ret == 0)
		back = plan(&p);
	if (!back) {
		snprintf(text, size, "no memory to go back");
		failed++;
	}
	json_array_foreach (back, i, change) {
		struct err e = {0};

		if (run_change(change, call, ctx, &e) != 0 && failed++ == 0)
			snprintf(text, size, "could not restore %s %.80s: %.200s",
				 json_get_str(change, "object", ""),
				 json_get_str(change, "name", ""), e.text);
	}
	json_decref(back);
	state_free(&p.cur);
	state_free(&p.des);
	return failed;
}

/* Turns the error of a change into one of the whole: where it stands in the desired
 * configuration, or else which object it is about. */
static void place_error(const json_t *change, struct err *e)
{
	const char *path = json_get_str(change, "path", NULL);
	const char *name = json_get_str(change, "name", "");
	struct err inner = *e;

	if (!path) {
		e->path[0] = '\0';
		err_set(e, inner.code, "%s %s %.80s: %.200s", json_get_str(change, "verb", ""),
			json_get_str(change, "object", ""), name, inner.text);
	} else if (strcmp(json_get_str(change, "verb", ""), "del") == 0) {
		err_at(e, inner.code, path, "%.80s has to be made anew: %.200s", name, inner.text);
	} else {
		snprintf(e->path, sizeof(e->path), "%.40s%.80s", path, inner.path);
	}
}

int apply_run(const json_t *changes, const json_t *current, apply_call call, void *ctx,
	      struct err *e)
{
	json_t *change;
	size_t i;

	json_array_foreach (changes, i, change) {
		struct err first = {0};
		char text[sizeof(first.text)];
		int ret = run_change(change, call, ctx, &first), failed;

		if (ret == 0)
			continue;
		first.code = ret;
		place_error(change, &first);
		failed = roll_back(changes, i, current, call, ctx, text, sizeof(text));
		if (failed == 0)
			return err_at(e, ret, first.path, "%s%s", first.text,
				      i > 0 ? "; what was changed before it is undone" : "");
		return err_at(e, ret, first.path, "%.160s; %.160s%s", first.text, text,
			      failed > 1 ? ", and more" : "");
	}
	return 0;
}
