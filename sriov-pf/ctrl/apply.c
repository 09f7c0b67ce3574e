/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pf.apply and vf.set: all PFs are read anew, each gets a plan, guests in the way are named or made
 * to let go, the agents apply side by side. When one of them could not, those that could are
 * brought back to what they were. How they were is written down before, so that a daemon that dies
 * amid this brings them back at its next start.
 */
#include "sriov-pf/ctrl/apply.h"

#include "base/log.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/drift.h"
#include "sriov-pf/ctrl/intent.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/ctrl/planning.h"
#include "sriov-pf/ctrl/release.h"
#include "sriov-pf/ctrl/store.h"
#include "sriov-pf/model/want.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void plan_all(struct apply *a);

static void free_apply(struct apply *a)
{
	for (unsigned int i = 0; i < a->jobs; i++) {
		json_decref(a->job[i].part);
		planning_clear(&a->job[i].planning);
		json_decref(a->job[i].former);
	}
	free(a->job);
	json_decref(a->config);
	json_decref(a->changes);
	json_decref(a->blast);
	free(a);
}

/* Answers, and lets the next one begin. */
static void finish(struct apply *a)
{
	struct ctrl *c = a->ctrl;
	struct pf_entry *p;

	c->applying = false;
	for (unsigned int i = 0; i < a->jobs; i++)
		a->job[i].entry->planned = false;
	if (a->e.code != 0)
		rpc_reply_error(a->reply, &a->e);
	else
		rpc_reply_result(a->reply, json_pack("{s:O,s:O,s:b,s:I}", "changes", a->changes,
						     "blast", a->blast, "applied", !a->dry_run,
						     "steps", (json_int_t)a->steps));
	free_apply(a);
	TAILQ_FOREACH (p, &c->pfs, entry)
		if (p->settled)
			drift_check(c, p);
}

static void was_brought_back(void *arg, const json_t *result, int *fds, unsigned int n,
			     const struct err *e)
{
	struct job *j = arg;
	struct apply *a = j->apply;

	j->entry->changing--;
	if (!result) {
		log_err("%s cannot be brought back now: %s", j->entry->name, e->text);
		intent_keep(a->ctrl, j->entry->address, j->former);
	}
	if (--a->pending > 0)
		return;
	intent_end(a->ctrl);
	finish(a);
}

/* All that were asked: one that failed may have done it all and died before it could say so. */
static void bring_back(struct apply *a)
{
	struct err why = a->e;
	bool others = false;

	for (unsigned int i = 0; i < a->jobs; i++)
		others |= a->job[i].done;
	if (others)
		err_set(&a->e, why.code,
			"%.300s; what was done to other physical functions is undone", why.text);
	a->pending = 1;
	for (unsigned int i = 0; i < a->jobs; i++) {
		struct job *j = &a->job[i];

		if (j->planning.plan.steps == 0)
			continue;
		a->pending++;
		j->entry->changing++;
		pf_agent_call(j->entry->agent, "restore", json_pack("{s:O}", "state", j->former),
			      was_brought_back, j);
	}
	if (--a->pending > 0)
		return;
	intent_end(a->ctrl);
	finish(a);
}

static void all_done(struct apply *a)
{
	struct ctrl *c = a->ctrl;

	ctrl_point(c, "apply-done");
	if (a->e.code == 0)
		store_write(c->setup->state_dir, "config.json", a->config, c->setup->host->point,
			    &a->e);
	if (a->e.code != 0) {
		bring_back(a);
		return;
	}
	json_decref(c->config);
	c->config = json_incref(a->config);
	pfs_name(c);
	for (unsigned int i = 0; i < a->jobs; i++) {
		a->job[i].entry->failed[0] = '\0';
		intent_drop(c, a->job[i].entry->address);
	}
	intent_end(c);
	log_info("applied: %zu change%s", json_array_size(a->changes),
		 json_array_size(a->changes) == 1 ? "" : "s");
	finish(a);
}

static void was_applied(void *arg, const json_t *result, int *fds, unsigned int n,
			const struct err *e)
{
	struct job *j = arg;
	struct apply *a = j->apply;

	j->entry->changing--;
	j->done = result != NULL;
	a->steps += (uint64_t)json_get_int(result, "steps", 0);
	if (!result && a->e.code == 0) {
		a->e = *e;
		apply_place(a, j, &a->e);
		err_set(&a->e, e->code, "%.60s: %.310s", j->entry->name, e->text);
	}
	if (--a->pending == 0)
		all_done(a);
}

/* Nobody is given a VF any more of the PFs that will be changed. */
static void close_to_guests(struct apply *a)
{
	for (unsigned int i = 0; i < a->jobs; i++)
		a->job[i].entry->planned = a->job[i].planning.plan.steps > 0;
}

/* Each agent that has something to do. */
static void start_agents(struct apply *a)
{
	close_to_guests(a);
	a->pending = 1; /* us, until all are asked */
	if (intent_begin(a, &a->e) != 0) {
		finish(a);
		return;
	}
	for (unsigned int i = 0; i < a->jobs; i++) {
		struct job *j = &a->job[i];

		if (j->planning.plan.steps == 0)
			continue;
		a->pending++;
		j->entry->changing++;
		pf_agent_call(j->entry->agent, "apply",
			      json_pack("{s:O}", "config", j->planning.effective), was_applied, j);
	}
	if (--a->pending == 0)
		all_done(a);
}

static void was_evicted(void *arg, const struct err *e)
{
	struct apply *a = arg;

	if (e && a->e.code == 0)
		a->e = *e;
	if (--a->pending > 0)
		return;
	if (a->e.code != 0) {
		finish(a);
		return;
	}
	a->evicted = true;
	plan_all(a); /* anew: a VF that came back is as it was declared before */
}

static void evict(struct apply *a)
{
	json_t *one;
	size_t i;

	close_to_guests(a);
	a->pending = 1;
	json_array_foreach (a->blast, i, one) {
		unsigned int vf;
		struct pf_entry *p = apply_blast_vf(a, one, &vf);
		struct lease *l = p ? lease_find(&a->ctrl->leases, p->address, vf) : NULL;

		if (!l)
			continue;
		log_warn("%s is taken from '%s': %s", json_get_str(one, "vf", ""), l->guest,
			 json_get_str(one, "why", ""));
		a->pending++;
		release_begin(a->ctrl, l, APPLY_EVICT_S, true, was_evicted, a);
	}
	was_evicted(a, NULL);
}

static void after_plans(struct apply *a)
{
	if (a->e.code != 0 || a->dry_run)
		finish(a);
	else if (json_array_size(a->blast) == 0)
		start_agents(a);
	else if (a->evict && !a->evicted)
		evict(a);
	else {
		apply_blast_err(a);
		finish(a);
	}
}

static void plan_all(struct apply *a)
{
	const struct ctrl *c = a->ctrl;

	json_array_clear(a->changes);
	if (!a->evicted)
		json_array_clear(a->blast);
	apply_declared_changes(a);
	for (unsigned int i = 0; i < a->jobs && a->e.code == 0; i++) {
		struct job *j = &a->job[i];
		struct planning *g = &j->planning;

		planning_clear(g);
		if (planning_make(c, j->entry, j->part, g, &a->e) != 0) {
			apply_place(a, j, &a->e);
			break;
		}
		planning_changes(j->entry, j->name, &g->plan, a->changes);
		if (g->plan.steps > 0 && j->unread.code != 0)
			a->e = j->unread;
		if (!a->evicted)
			planning_blast(c, j->entry, &g->plan, a->blast);
	}
	if (a->evicted && a->e.code == 0)
		start_agents(a);
	else
		after_plans(a);
}

static void was_read(void *arg, const json_t *result, int *fds, unsigned int n, const struct err *e)
{
	struct job *j = arg;
	struct apply *a = j->apply;

	if (!result)
		j->unread = *e;
	json_decref(j->former);
	j->former = pf_state_json(&j->entry->state);
	if (--a->pending == 0)
		plan_all(a);
}

static void read_all(struct apply *a)
{
	a->pending = 1;
	for (unsigned int i = 0; i < a->jobs; i++) {
		a->pending++;
		pf_agent_call(a->job[i].entry->agent, "read", NULL, was_read, &a->job[i]);
	}
	if (--a->pending == 0)
		plan_all(a);
}

/* config is taken over. only: NULL, or the one PF that is meant. */
static void begin(struct ctrl *c, struct rpc_reply *reply, json_t *config, const char *only,
		  const json_t *params, const char *root)
{
	struct apply *a = calloc(1, sizeof(*a));

	if (!a) {
		struct err e = {0};

		err_set(&e, -ENOMEM, "no memory to apply a configuration");
		rpc_reply_error(reply, &e);
		json_decref(config);
		return;
	}
	*a = (struct apply){.ctrl = c,
			    .reply = reply,
			    .root = root,
			    .config = config,
			    .changes = json_array(),
			    .blast = json_array(),
			    .dry_run = json_get_bool(params, "dry-run", false),
			    .evict = json_get_bool(params, "evict", false)};
	if (c->applying) {
		err_set(&a->e, -EBUSY,
			"another configuration is being applied; try again when "
			"'flue pf show' says ready");
		rpc_reply_error(reply, &a->e);
		free_apply(a);
		return;
	}
	c->applying = true;
	if (apply_jobs(a, only) == 0)
		read_all(a);
	else
		finish(a);
}

void ctrl_pf_apply(void *ctx, const json_t *params, struct rpc_reply *r)
{
	begin(ctx, r, config_only(json_object_get(params, "config")), NULL, params, "/config");
}

void ctrl_vf_set(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct ctrl *c = ctx;
	struct err e = {0};
	unsigned int vf;
	struct pf_entry *p = pfs_get_vf(c, params, &vf, &e);

	if (p)
		begin(c, r, config_with_vf(c, p, params), p->name, NULL, NULL);
	else
		rpc_reply_error(r, &e);
}
