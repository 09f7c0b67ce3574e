/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/run.h"

/* A driver that refuses an attribute as unknown has never set it. */
static bool never_set(int rc, const struct pf_step *step, const struct pf_state *s)
{
	return rc == -EOPNOTSUPP && step->kind == PF_STEP_VF_SET && pf_step_done(step, s);
}

static int carry_out(struct pf_txn *t, const char *address, const struct pf_plan *plan,
		     struct pf_state *s, struct err *e)
{
	struct err why = {0};

	for (unsigned int i = 0; i < plan->steps; i++) {
		const struct pf_step *step = &plan->step[i];
		int rc = pf_run_step(t, address, step, s, &why);

		if (rc != 0 && !never_set(rc, step, s))
			return err_at(e, rc, why.path, "%s", why.text);
	}
	return 0;
}

/* All of it at the end once more: a reset or a later step may undo an earlier one. */
static int still_so(const struct pf_plan *plan, const struct pf_state *s, struct err *e)
{
	char text[PF_STEP_TEXT];

	for (unsigned int i = 0; i < plan->steps; i++)
		if (!pf_step_done(&plan->step[i], s))
			return err_set(e, -EIO,
				       "%s: driver %s did it, and undid it at a later step; the VF "
				       "is not neutral",
				       pf_step_text(&plan->step[i], text, sizeof(text)), s->driver);
	return 0;
}

int pf_txn_quarantine(struct pf_txn *t, const char *address, unsigned int vf,
		      struct pf_state *after, struct err *e)
{
	struct pf_state s = {0};
	struct pf_plan plan = {0};
	struct err left = {0};
	int rc = pf_txn_recover(t, address, NULL, e), planned = 0;

	if (rc == 0)
		rc = pf_run_read(t, address, &s, e);
	if (rc == 0) {
		planned = pf_plan_quarantine(&s, vf, pf_run_caps(t, &s), &plan, &left);
		rc = carry_out(t, address, &plan, &s, e);
	}
	if (rc == 0)
		rc = still_so(&plan, &s, e);
	/* What no step can make neutral; the rest is, which is better than nothing. */
	if (rc == 0 && planned != 0)
		rc = err_at(e, planned, left.path, "%s", left.text);
	pf_plan_clear(&plan);
	if (after)
		*after = s;
	else
		pf_state_clear(&s);
	return rc;
}
