/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/run.h"

#include <string.h>

static int parse_former(const json_t *begin, const char *address, struct pf_state *former,
			struct err *e)
{
	struct err why = {0};
	int rc = pf_state_parse(json_object_get(begin, "state"), former, &why);

	if (rc == 0 && strcmp(former->address, address) != 0) {
		pf_state_clear(former);
		rc = err_set(&why, -EINVAL, "it is of %s", former->address);
	}
	if (rc == 0)
		return 0;
	return err_set(e, rc,
		       "the journal of %s does not say what was before (%.60s %.120s): compare it "
		       "with the configuration, then remove that file",
		       address, why.path, why.text);
}

/* The one that a card was replaced by was never set by the plan. */
static bool is_other_card(const struct pf_state *now, const struct pf_state *former)
{
	return now->vendor != former->vendor || now->device != former->device ||
	       (now->serial[0] && former->serial[0] && strcmp(now->serial, former->serial) != 0);
}

/* *restored: was it brought back? */
static int bring_back(struct pf_txn *t, const char *address, const struct pf_state *former,
		      bool back, bool *restored, struct err *e)
{
	struct pf_state s = {0};
	struct err why = {0};
	struct pf_journal *j = pf_journal_resume(t->dir, address, t->point, t->arg, &why);
	int rc;

	if (!j)
		return err_set(e, why.code, "%s", why.text);
	/* It tells a reader of the file how far it came; what is to be done is the same without. */
	if (!back)
		pf_run_note(j, "back", json_true(), NULL);
	rc = pf_run_read(t, address, &s, &why);
	*restored = rc == 0 && !is_other_card(&s, former);
	if (*restored)
		rc = pf_run_back(t, address, former, &s, &why);
	pf_state_clear(&s);
	if (rc == 0)
		return pf_journal_end(j, e);
	pf_journal_close(j);
	return err_set(
		e, rc,
		"%s: what was before an unfinished plan is not restored: %.200s; it is tried "
		"again before the next plan, or give it up by removing %.60s/%s.journal",
		address, why.text, t->dir, address);
}

int pf_txn_recover(struct pf_txn *t, const char *address, bool *restored, struct err *e)
{
	struct pf_state former = {0};
	struct err why = {0};
	json_t *begin = NULL;
	char buf[PF_BOOT];
	const char *boot = pf_run_boot(t, buf, e);
	bool back, done = false;
	int rc;

	if (restored)
		*restored = false;
	if (!boot)
		return -EIO;
	rc = pf_journal_load(t->dir, address, boot, &begin, &back, &why);
	if (rc == -ENOENT)
		return 0;
	if (rc != 0)
		return err_set(e, rc, "%s", why.text);
	rc = parse_former(begin, address, &former, e);
	if (rc == 0)
		rc = bring_back(t, address, &former, back, &done, e);
	if (rc == 0 && restored)
		*restored = done;
	pf_state_clear(&former);
	json_decref(begin);
	return rc;
}

int pf_txn_restore(struct pf_txn *t, const char *address, const struct pf_state *former,
		   struct pf_state *after, struct err *e)
{
	struct pf_state s = {0};
	int rc = pf_txn_recover(t, address, NULL, e);

	if (rc == 0)
		rc = pf_run_back(t, address, former, &s, e);
	if (after)
		*after = s;
	else
		pf_state_clear(&s);
	return rc;
}
