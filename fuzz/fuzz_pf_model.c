/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What flue-pf reads back of PFs, steps and plans: {"state", "former", "step", "config"}. What must
 * hold: what is taken comes back from JSON as it was, a refusal says why, a state leads back to
 * itself without a step, and plans between whatever was read have steps that can be read again.
 */
#include "sriov-pf/model/want.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Text of a step, and JSON that reads as the same. */
static void check_step(const struct pf_step *s)
{
	char one[256], other[256];
	struct pf_step back;
	json_t *j = pf_step_json(s), *again;

	must(j != NULL);
	must(pf_step_parse(j, &back, NULL) == 0);
	again = pf_step_json(&back);
	must(json_equal(j, again));
	must(strcmp(pf_step_text(s, one, sizeof(one)), pf_step_text(&back, other, sizeof(other))) ==
	     0);
	json_decref(again);
	json_decref(j);
}

static void check_plan(int rc, struct pf_plan *p, const struct pf_state *is, const struct err *e)
{
	must(rc == 0 || (rc == e->code && e->text[0]));
	for (unsigned int i = 0; i < p->steps; i++) {
		check_step(&p->step[i]);
		pf_step_done(&p->step[i], is);
	}
	pf_plan_clear(p);
}

static bool take_state(const json_t *json, struct pf_state *s)
{
	struct pf_state back;
	struct err e = {0};
	char text[256];
	json_t *j;

	if (pf_state_parse(json, s, &e) != 0) {
		must(e.code < 0 && e.text[0] && !s->vf);
		return false;
	}
	must(s->numvfs <= PF_VFS_MAX && s->address[0]);
	j = pf_state_json(s);
	must(j && pf_state_parse(j, &back, &e) == 0);
	must(!pf_state_differ(s, &back, text, sizeof(text)));
	pf_state_clear(&back);
	json_decref(j);
	return true;
}

static void check_between(const struct pf_state *is, const struct pf_state *former,
			  const json_t *config)
{
	const struct pf_caps *caps = pf_caps_of(is->driver);
	struct pf_want *want;
	struct err e = {0};
	unsigned int n;
	struct pf_plan p;

	must(pf_plan_back(is, is, caps, &p, &e) == 0 && p.steps == 0);
	pf_plan_clear(&p);
	check_plan(pf_plan_back(is, former, caps, &p, &e), &p, is, &e);
	for (unsigned int i = 0; i < is->numvfs && i < 4; i++) {
		e = (struct err){0};
		check_plan(pf_plan_quarantine(is, i, caps, &p, &e), &p, is, &e);
	}
	e = (struct err){0};
	if (pf_wants_parse(config, &want, &n, &e) != 0) {
		must(e.code < 0 && e.text[0] && !want);
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		pf_select_fits(&want[i].select, is);
		e = (struct err){0};
		check_plan(pf_plan_make(is, &want[i], caps, &p, &e), &p, is, &e);
	}
	pf_wants_free(want, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	struct pf_state is, former;
	struct err e = {0};
	struct pf_step s;

	if (pf_step_parse(json_object_get(json, "step"), &s, &e) == 0)
		check_step(&s);
	else
		must(e.code < 0 && e.text[0]);
	if (take_state(json_object_get(json, "state"), &is)) {
		if (take_state(json_object_get(json, "former"), &former)) {
			check_between(&is, &former, json_object_get(json, "config"));
			pf_state_clear(&former);
		}
		pf_state_clear(&is);
	}
	json_decref(json);
	return 0;
}
