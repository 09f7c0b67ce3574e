/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/run.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 3 /* going back, until it is given up */

const struct pf_caps *pf_run_caps(const struct pf_txn *t, const struct pf_state *s)
{
	return t->caps ? t->caps : pf_caps_of(s->driver);
}

const char *pf_run_boot(const struct pf_txn *t, char buf[PF_BOOT], struct err *e)
{
	if (t->boot)
		return t->boot;
	return pf_journal_boot(buf, e) == 0 ? buf : NULL;
}

int pf_run_note(struct pf_journal *j, const char *key, json_t *value, struct err *e)
{
	json_t *line = json_pack("{s:o}", key, value);
	int rc = line ? pf_journal_add(j, line, e) : err_set(e, -ENOMEM, "out of memory");

	json_decref(line);
	return rc;
}

static void point(struct pf_txn *t, const char *name)
{
	if (t->point)
		t->point(t->arg, name);
}

int pf_run_read(struct pf_txn *t, const char *address, struct pf_state *s, struct err *e)
{
	int rc;

	pf_state_clear(s);
	*s = (struct pf_state){0};
	point(t, "read");
	t->counts.reads++;
	rc = t->backend->read(t->backend->ctx, address, s, e);
	if (rc != 0)
		*s = (struct pf_state){0};
	return rc;
}

/* The key that the step is about, as a JSON pointer below the PF's. */
static void path_of(const struct pf_step *step, char *path, size_t len)
{
	switch (step->kind) {
	case PF_STEP_ESWITCH:
		snprintf(path, len, "/eswitch");
		break;
	case PF_STEP_NUMVFS:
		snprintf(path, len, "/numvfs");
		break;
	case PF_STEP_MTU:
		snprintf(path, len, "/mtu");
		break;
	case PF_STEP_AUTOPROBE:
		path[0] = '\0'; /* nobody asks for it */
		break;
	default:
		snprintf(path, len, "/vfs/%u/%s", step->vf,
			 pf_attr_name(step->kind == PF_STEP_VF_SET ? step->attr : PF_VF_DRIVER));
	}
}

/* What the step is about, as it reads now. */
static void reads_as(const struct pf_step *step, const struct pf_state *s, char *buf, size_t len)
{
	struct pf_step now = {.kind = step->kind, .vf = step->vf, .attr = step->attr};
	const struct pf_vf *vf = step->vf < s->numvfs ? &s->vf[step->vf] : NULL;

	switch (step->kind) {
	case PF_STEP_AUTOPROBE:
		now.number = s->autoprobe;
		break;
	case PF_STEP_ESWITCH:
		now.number = s->eswitch;
		break;
	case PF_STEP_NUMVFS:
		now.number = s->numvfs;
		break;
	case PF_STEP_MTU:
		now.number = s->mtu;
		break;
	default:
		if (!vf) {
			snprintf(buf, len, "nothing: there is no vf %u", step->vf);
			return;
		}
		if (step->kind != PF_STEP_VF_SET) {
			snprintf(buf, len, "driver ");
			pf_vf_text(vf, PF_VF_DRIVER, buf + strlen(buf), len - strlen(buf));
			return;
		}
		if (!(vf->known & PF_ATTR_BIT(step->attr))) {
			snprintf(buf, len, "nothing: it does not tell it");
			return;
		}
		pf_vf_take(&now.value, vf, step->attr);
	}
	pf_step_text(&now, buf, len);
}

static int not_done(const struct pf_step *step, const struct pf_state *s, const char *text,
		    struct err *e)
{
	char path[64], is[PF_STEP_TEXT];

	path_of(step, path, sizeof(path));
	reads_as(step, s, is, sizeof(is));
	return err_at(e, -EIO, path,
		      "%s: driver %s says it did that, but it reads back as %s; leave it out, or "
		      "look for a newer driver or firmware",
		      text, s->driver, is);
}

int pf_run_step(struct pf_txn *t, const char *address, const struct pf_step *step,
		struct pf_state *s, struct err *e)
{
	char text[PF_STEP_TEXT], path[64];
	struct err why = {0};
	int rc;

	pf_step_text(step, text, sizeof(text));
	if (t->progress)
		t->progress(t->arg, text);
	point(t, "step");
	t->counts.steps++;
	rc = t->backend->step(t->backend->ctx, address, step, &why);
	if (rc != 0) {
		path_of(step, path, sizeof(path));
		if (rc == -EOPNOTSUPP && step->kind == PF_STEP_VF_SET)
			t->refused |= PF_ATTR_BIT(step->attr);
		if (!why.text[0])
			err_set(&why, rc, "%s: driver %s: %s", text, s->driver, strerror(-rc));
		/* A backend that knows a cure says it after a semicolon. */
		return err_at(e, rc, path, "%s%s", why.text,
			      rc == -EOPNOTSUPP && !strchr(why.text, ';') ? "; leave it out" : "");
	}
	rc = pf_run_read(t, address, s, &why);
	if (rc != 0)
		return err_set(e, rc, "%s: cannot be read back: %.200s", text, why.text);
	return pf_step_done(step, s) ? 0 : not_done(step, s, text, e);
}

/* Without these the steps after them make no sense, or bind VFs to drivers of the host. */
static bool others_need(const struct pf_step *step)
{
	return step->kind == PF_STEP_AUTOPROBE || step->kind == PF_STEP_ESWITCH ||
	       step->kind == PF_STEP_NUMVFS;
}

/* All steps that can be; e: the first that cannot. */
static void carry_back(struct pf_txn *t, const char *address, const struct pf_plan *plan,
		       struct pf_state *s, struct err *e)
{
	int first = 0;

	for (unsigned int i = 0; i < plan->steps; i++) {
		int rc = pf_run_step(t, address, &plan->step[i], s, first ? NULL : e);

		if (rc != 0 && !first)
			first = rc;
		if (rc == -ENODEV || (rc != 0 && others_need(&plan->step[i])))
			return;
	}
}

/* Plans, and carries out. 0: there was nothing left to do. -EAGAIN: something was done; e may keep
 * what failed of it. */
static int one_round(struct pf_txn *t, const char *address, const struct pf_state *former,
		     struct pf_state *s, bool last, struct err *e)
{
	struct pf_plan plan = {0};
	char differ[PF_STEP_TEXT];
	struct err why = {0};
	int rc = pf_run_read(t, address, s, e);

	if (rc != 0)
		return rc;
	rc = pf_plan_back(s, former, pf_run_caps(t, s), &plan, &why);
	if (rc != 0)
		*e = why;
	if (rc == 0 && plan.steps == 0)
		return 0;
	/* What could not be brought back may be as it was all the same. */
	if (plan.steps == 0 && !pf_state_differ(s, former, differ, sizeof(differ)))
		rc = 0;
	else if (plan.steps == 0 || last)
		rc = e->code ? e->code : -EIO;
	else
		carry_back(t, address, &plan, s, rc ? NULL : e);
	if (plan.steps && !last)
		rc = -EAGAIN;
	pf_plan_clear(&plan);
	return rc;
}

int pf_run_back(struct pf_txn *t, const char *address, const struct pf_state *former,
		struct pf_state *s, struct err *e)
{
	struct err why = {0};
	char differ[PF_STEP_TEXT];
	int rc = -EAGAIN;

	if (t->progress)
		t->progress(t->arg, "back to what was before");
	for (int round = 0; rc == -EAGAIN && round <= ROUNDS; round++)
		rc = one_round(t, address, former, s, round == ROUNDS, &why);
	if (rc == 0)
		return 0;
	if (!s->address[0] || !pf_state_differ(s, former, differ, sizeof(differ)))
		differ[0] = '\0';
	return err_set(e, rc, "%s%s%.*s", differ, differ[0] && why.text[0] ? ": " : "", 200,
		       why.text);
}
