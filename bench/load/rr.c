/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/rr.h"

#include "base/json.h"
#include "bench/load/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rr {
	struct agent_pair pair;
};

static json_t *how(const struct rr_spec *spec)
{
	return json_pack("{s:i, s:I}", "connections", (int)spec->connections, "bytes",
			 (json_int_t)spec->bytes);
}

int rr_start(const struct rr_spec *spec, struct rr **out, struct err *e)
{
	struct rr *rr = calloc(1, sizeof(*rr));
	int ret;

	if (!rr)
		return err_set(e, -ENOMEM, "out of memory");
	ret = pair_start(&rr->pair, spec->name, &(struct pair_side){"__rr", "rr-a", &spec->a},
			 &(struct pair_side){"__rr", "rr-b", &spec->b}, e);
	if (!ret)
		ret = pair_connect(&rr->pair, spec->b.address, spec->cc, how(spec), how(spec), e);
	if (ret) {
		rr_stop(rr);
		return ret;
	}
	*out = rr;
	return 0;
}

void rr_stop(struct rr *rr)
{
	if (!rr)
		return;
	pair_stop(&rr->pair);
	free(rr);
}

int rr_freeze(struct rr *rr, bool freeze, struct err *e)
{
	return pair_freeze(&rr->pair, freeze, e);
}

static json_t *request_of(const struct window *w, const char *what)
{
	return json_pack("{s:s, s:I, s:I, s:I}", "do", what, "begin_ns", (json_int_t)w->begin_ns,
			 "end_ns", (json_int_t)w->end_ns, "slice_ns",
			 (json_int_t)RR_SLICE_MS * 1000000);
}

static int result_of(const struct window *w, const json_t *a, const json_t *b, struct rr_result *r,
		     struct err *e)
{
	r->seconds = (double)(w->end_ns - w->begin_ns) / 1e9;
	r->requests = (uint64_t)json_get_int(a, "requests", 0);
	r->a_cpu = (double)json_get_int(a, "cpu_ns", 0) / 1e9;
	r->b_cpu = (double)json_get_int(b, "cpu_ns", 0) / 1e9;
	if (hist_from_json(json_object_get(a, "latency"), &r->latency) ||
	    hist_from_json(json_object_get(a, "worst"), &r->worst))
		return err_set(e, -EPROTO, "a histogram of the load makes no sense");
	if (!r->requests)
		snprintf(r->why, sizeof(r->why), "no answer came within the window");
	return 0;
}

/* Hears both ends. What was cut short is no failure. */
static int hear(struct rr *rr, const struct window *w, struct rr_result *r, struct err *e)
{
	unsigned int patience =
		(unsigned int)((w->warmup_seconds + w->seconds) * 1000) + PAIR_ASK_MS;
	struct err e_a = {0}, e_b = {0};
	json_t *a = NULL, *b = NULL;
	int ret = agent_hear(rr->pair.a, patience, &a, &e_a);
	int ret_b = agent_hear(rr->pair.b, patience, &b, &e_b);

	if (ret || ret_b)
		ret = err_set(e, ret ? ret : ret_b, "%s", ret ? e_a.text : e_b.text);
	else
		ret = result_of(w, a, b, r, e);
	json_decref(a);
	json_decref(b);
	return ret;
}

/* Any request ends a window early; this one asks for nothing, and is answered after it. */
static void cut_short(struct rr *rr, const struct window *w, struct rr_result *r)
{
	struct err ignored = {0};
	json_t *reply = NULL;

	agent_tell(rr->pair.a, json_pack("{s:s}", "do", "watch"), &ignored);
	agent_tell(rr->pair.b, json_pack("{s:s}", "do", "watch"), &ignored);
	hear(rr, w, r, &ignored);
	agent_hear(rr->pair.a, PAIR_ASK_MS, &reply, &ignored);
	json_decref(reply);
	reply = NULL;
	agent_hear(rr->pair.b, PAIR_ASK_MS, &reply, &ignored);
	json_decref(reply);
}

int rr_run(struct rr *rr, struct window *w, struct rr_result *r, struct err *e)
{
	int ret;

	memset(r, 0, sizeof(*r));
	window_plan(w);
	ret = agent_tell(rr->pair.b, request_of(w, "watch"), e);
	if (!ret)
		ret = agent_tell(rr->pair.a, request_of(w, "ask"), e);
	if (ret)
		return ret;
	ret = window_wait(w, &r->seen);
	if (ret) {
		cut_short(rr, w, r);
		snprintf(r->why, sizeof(r->why), "%s", window_why(ret));
		return 0;
	}
	return hear(rr, w, r, e);
}
