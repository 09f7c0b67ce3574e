/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two configurations, one a line: are their MTUs a plan, and the way from one to the other. What
 * must hold: each step's parameters are what its method takes, the way leads there, and a step that
 * fails leads back.
 */
#include "api/schema.h"
#include "vswitch/ctrl/apply.h"
#include "vswitch/ctrl/mtu_config.h"
#include "vswitch/ctrl/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct model {
	struct state state;
	size_t fail_at; /* how many calls succeed before one fails */
};

static json_t *to_config(const struct state *s)
{
	json_t *config = json_pack("{s:O}", "switch", s->sw), *obj;
	const char *id;

	for (enum state_list l = 0; l < STATE_LISTS; l++) {
		json_t *list = json_array();

		json_object_foreach (s->list[l], id, obj)
			json_array_append(list, obj);
		json_object_set_new(config, state_object(l)->member, list);
	}
	return config;
}

static int model_call(void *ctx, const char *method, const json_t *params, struct err *e)
{
	struct model *m = ctx;
	const struct api_method *am = api_method_find(method);
	json_t *change;

	if (!am || api_check_params(am, params, e) != 0)
		abort();
	if (m->fail_at-- == 0)
		return err_set(e, -EIO, "failed");
	change = json_pack("{s:s,s:s,s:O}", "verb", strchr(method, '.') + 1, "object", am->object,
			   "params", params);
	if (state_change(&m->state, change) != 0)
		abort();
	json_decref(change);
	return 0;
}

static void must_be_nothing_between(const struct state *s, const json_t *config)
{
	json_t *now = to_config(s), *plan = apply_plan(now, config, NULL);

	if (!plan || json_array_size(plan) != 0)
		abort();
	json_decref(plan);
	json_decref(now);
}

static void go(const json_t *from, const json_t *to, uint8_t where)
{
	json_t *plan = apply_plan(from, to, NULL);
	size_t steps = json_array_size(plan);
	struct model m = {.fail_at = SIZE_MAX};

	if (!plan)
		abort();
	if (state_load(&m.state, from) != 0 || apply_run(plan, from, model_call, &m, NULL) != 0)
		abort();
	must_be_nothing_between(&m.state, to);
	state_free(&m.state);

	if (steps > 0) {
		m.fail_at = where % steps;
		if (state_load(&m.state, from) != 0 ||
		    apply_run(plan, from, model_call, &m, NULL) != -EIO)
			abort();
		must_be_nothing_between(&m.state, from);
		state_free(&m.state);
	}
	json_decref(plan);
}

static bool is_valid(const json_t *config)
{
	struct err e = {0};
	int ret = api_check_config(config, NULL);

	if (ret == 0) {
		ret = mtu_check_config(config, &e);
		/* A refusal says where and why. */
		if (ret != 0 && (e.code != ret || !e.path[0] || !e.text[0]))
			abort();
	}
	return ret == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
	size_t first = lf ? (size_t)(lf - data) : size;
	json_t *from, *to = NULL;

	from = json_loadb((const char *)data, first, JSON_REJECT_DUPLICATES, NULL);
	if (lf)
		to = json_loadb((const char *)lf + 1, size - first - 1, JSON_REJECT_DUPLICATES,
				NULL);
	if (is_valid(from) && is_valid(to))
		go(from, to, data[size / 2]);
	json_decref(from);
	json_decref(to);
	return 0;
}
