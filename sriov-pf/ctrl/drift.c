/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/drift.h"

#include "base/clock.h"
#include "base/log.h"
#include "sriov-pf/ctrl/intent.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/ctrl/planning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPAIR_NS 10000000000ull /* between two repairs of a PF: two who repair must not race */

static void settled(struct pf_entry *p)
{
	p->settled = true;
	ctrl_progress(p->ctrl);
}

static void fail(struct pf_entry *p, const char *text)
{
	char was[sizeof(p->failed)];

	memcpy(was, p->failed, sizeof(was));
	snprintf(p->failed, sizeof(p->failed), "%.250s", text);
	if (strcmp(was, p->failed) != 0) /* it is tried again and again */
		log_err("%s: %s", p->name, text);
}

static void on_applied(void *arg, const json_t *result, int *fds, unsigned int n,
		       const struct err *e)
{
	struct pf_entry *p = arg;

	p->changing--;
	if (result)
		p->failed[0] = '\0';
	else
		fail(p, e->text);
	if (!p->settled)
		settled(p);
	drift_check(p->ctrl, p);
}

/* Makes it as declared. False: it is, or cannot be without taking VFs from guests. */
static bool apply(struct ctrl *c, struct pf_entry *p)
{
	json_t *blast = json_array();
	struct planning g;
	struct err e = {0};
	bool begun = false;

	if (planning_make(c, p, p->config, &g, &e) != 0) {
		fail(p, e.text);
	} else {
		planning_blast(c, p, &g.plan, blast);
		begun = g.plan.steps > 0 && json_array_size(blast) == 0;
		if (json_array_size(blast) > 0)
			fail(p, "it is not as declared, and making it so would take virtual "
				"functions from guests; 'flue apply --evict' does that");
		else if (g.plan.steps == 0)
			p->failed[0] = '\0';
	}
	if (begun) {
		p->changing++;
		p->repaired_ns = clock_now_ns();
		pf_agent_call(p->agent, "apply", json_pack("{s:O}", "config", g.effective),
			      on_applied, p);
	}
	json_decref(blast);
	planning_clear(&g);
	return begun;
}

static void on_restored(void *arg, const json_t *result, int *fds, unsigned int n,
			const struct err *e)
{
	struct pf_entry *p = arg;

	p->changing--;
	if (result) {
		log_info("%s: as it was before a change that was interrupted", p->name);
		intent_drop(p->ctrl, p->address);
		drift_settle(p->ctrl, p);
		return;
	}
	fail(p, e->text); /* tried again when it is heard of again */
	if (!p->settled)
		settled(p);
}

void drift_settle(struct ctrl *c, struct pf_entry *p)
{
	json_t *former = intent_of(c, p->address);

	if (former) {
		p->changing++;
		pf_agent_call(p->agent, "restore", json_pack("{s:O}", "state", former), on_restored,
			      p);
		return;
	}
	if (p->config && p->known && p->failed[0] == '\0' && apply(c, p))
		return; /* on_applied() goes on */
	if (!p->settled)
		settled(p);
}

static bool wants_repair(const struct pf_entry *p)
{
	const json_t *pf = json_array_get(json_object_get(p->config, "pfs"), 0);

	return strcmp(json_get_str(pf, "drift", "report"), "repair") == 0;
}

static void repair(struct ctrl *c, struct pf_entry *p)
{
	uint64_t now = clock_now_ns();
	struct timeval rest = {.tv_sec = REPAIR_NS / 1000000000};

	if (p->repaired_ns && now - p->repaired_ns < REPAIR_NS) {
		evtimer_add(p->look, &rest);
		return;
	}
	if (apply(c, p))
		log_info("%s: what was changed is set again", p->name);
}

static void report(const struct pf_entry *p, const json_t *was)
{
	json_t *one;
	size_t i;

	json_array_foreach (p->drift, i, one) {
		json_t *before = json_find(was, "what", json_get_str(one, "what", ""));
		char *is = json_dumps(json_object_get(one, "is"), JSON_ENCODE_ANY);
		char *want = json_dumps(json_object_get(one, "want"), JSON_ENCODE_ANY);

		if (!before || !json_equal(before, one))
			log_warn("%s: %s is %s, and was declared as %s; somebody else changed it",
				 p->name, json_get_str(one, "what", ""), is ? is : "?",
				 want ? want : "?");
		free(is);
		free(want);
	}
}

void drift_check(struct ctrl *c, struct pf_entry *p)
{
	struct planning g = {0};
	json_t *was;

	/* What is between two states of ours is nobody's doing. */
	if (p->changing > 0 || c->applying)
		return;
	if (intent_of(c, p->address)) {
		drift_settle(c, p);
		return;
	}
	was = p->drift;
	if (p->config && planning_make(c, p, p->config, &g, NULL) == 0)
		p->drift = planning_drift(p, &g.plan);
	else
		p->drift = json_array();
	planning_clear(&g);
	report(p, was);
	json_decref(was);
	if (json_array_size(p->drift) > 0 && wants_repair(p))
		repair(c, p);
}

void drift_fault(struct ctrl *c, const char *address, const char *what)
{
	unsigned int vf;
	struct pf_entry *p = pfs_by_vf(c, address, &vf);
	const struct lease *l = p ? lease_find(&c->leases, p->address, vf) : NULL;
	char index[12];
	json_int_t count;

	if (!p) {
		log_warn("the IOMMU blocked %s by %s, which is no virtual function known here",
			 what, address);
		return;
	}
	snprintf(index, sizeof(index), "%u", vf);
	count = json_get_int(json_object_get(p->faults, index), "count", 0) + 1;
	json_object_set_new(p->faults, index,
			    json_pack("{s:I,s:s,s:I}", "count", count, "last", what, "at",
				      (json_int_t)ctrl_now()));
	if (l)
		log_warn("guest '%s': %s by %s/%u (%s) was blocked", l->guest, what, p->name, vf,
			 address);
	else
		log_warn("%s by %s/%u (%s), which no guest has, was blocked", what, p->name, vf,
			 address);
}
