/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/run.h"

#include <string.h>

#define ROUNDS 2 /* a step may undo what an earlier one set; what does so twice is an error */

static json_t *steps_json(const struct pf_plan *plan)
{
	json_t *list = json_array();

	for (unsigned int i = 0; list && i < plan->steps; i++)
		if (json_array_append_new(list, pf_step_json(&plan->step[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static struct pf_journal *begin(struct pf_txn *t, const struct pf_state *former,
				const struct pf_plan *plan, struct err *e)
{
	char buf[PF_BOOT];
	const char *boot = pf_run_boot(t, buf, e);
	struct pf_journal *j = NULL;
	json_t *line;

	if (!boot)
		return NULL;
	line = json_pack("{s:i, s:s, s:s, s:o, s:o}", "version", PF_JOURNAL_VERSION, "boot", boot,
			 "address", former->address, "state", pf_state_json(former), "steps",
			 steps_json(plan));
	if (line)
		j = pf_journal_begin(t->dir, former->address, line, t->point, t->arg, e);
	else
		err_set(e, -ENOMEM, "out of memory");
	json_decref(line);
	return j;
}

/* Each step is in the journal before it is done. */
static int carry(struct pf_txn *t, const struct pf_plan *plan, struct pf_journal *j,
		 unsigned int *number, struct pf_state *s, const char *address, struct err *e)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < plan->steps; i++) {
		rc = pf_run_note(j, "step", json_integer((*number)++), e);
		if (rc == 0)
			rc = pf_run_step(t, address, &plan->step[i], s, e);
	}
	return rc;
}

/* Until nothing differs from what is wanted. *plan: the first one; what is left of the last. */
static int forward(struct pf_txn *t, const char *address, const struct pf_want *want,
		   struct pf_plan *plan, struct pf_journal *j, struct pf_state *s, struct err *e)
{
	char text[PF_STEP_TEXT];
	unsigned int number = 0;
	int rc = 0;

	for (int round = 0; rc == 0 && plan->steps && round < ROUNDS; round++) {
		rc = carry(t, plan, j, &number, s, address, e);
		pf_plan_clear(plan);
		if (rc == 0)
			rc = pf_plan_make(s, want, pf_run_caps(t, s), plan, e);
	}
	if (rc == 0 && plan->steps)
		rc = err_set(e, -EIO,
			     "%s: driver %s did it, and undid it at a later step; leave it out",
			     pf_step_text(&plan->step[0], text, sizeof(text)), s->driver);
	return rc;
}

/* e: why the plan ended, rc; what became of going back is added to it. */
static int undo(struct pf_txn *t, const struct pf_state *former, struct pf_journal *j,
		struct pf_state *s, int rc, struct err *e)
{
	struct err plan = *e, why = {0};

	/* It tells a reader of the file how far it came; what is to be done is the same without. */
	pf_run_note(j, "back", json_true(), NULL);
	if (pf_run_back(t, former->address, former, s, &why) != 0) {
		pf_journal_close(j);
		return err_set(e, rc, "%.160s; what was before is not all restored: %.160s",
			       plan.text, why.text);
	}
	if (pf_journal_end(j, &why) != 0)
		return err_set(e, rc, "%.200s; what was before is restored, but %.120s", plan.text,
			       why.text);
	return err_set(e, rc, "%.340s; what was before is restored", plan.text);
}

static int carry_out(struct pf_txn *t, const struct pf_want *want, struct pf_plan *plan,
		     struct pf_state *s, struct err *e)
{
	struct pf_state former;
	struct err why = {0};
	struct pf_journal *j;
	int rc = pf_state_copy(&former, s);

	if (rc != 0)
		return err_set(e, rc, "out of memory");
	j = begin(t, &former, plan, &why);
	if (!j) {
		rc = err_set(e, why.code, "%.330s; nothing was set", why.text);
		goto clear_former;
	}
	rc = forward(t, former.address, want, plan, j, s, &why);
	if (rc != 0) {
		rc = undo(t, &former, j, s, rc, &why);
		err_at(e, rc, why.path, "%s", why.text);
		goto clear_former;
	}
	rc = pf_journal_end(j, &why);
	if (rc != 0)
		rc = err_set(e, rc,
			     "all of it is set, but %.200s: the next start may bring back what was "
			     "before",
			     why.text);
clear_former:
	pf_state_clear(&former);
	return rc;
}

int pf_txn_apply(struct pf_txn *t, const char *address, const struct pf_want *want,
		 struct pf_state *after, struct err *e)
{
	struct pf_state s = {0};
	struct pf_plan plan = {0};
	int rc = pf_txn_recover(t, address, NULL, e);

	if (rc == 0)
		rc = pf_run_read(t, address, &s, e);
	if (rc == 0)
		rc = pf_plan_make(&s, want, pf_run_caps(t, &s), &plan, e);
	if (rc == 0 && plan.steps)
		rc = carry_out(t, want, &plan, &s, e);
	pf_plan_clear(&plan);
	if (after)
		*after = s;
	else
		pf_state_clear(&s);
	return rc;
}
