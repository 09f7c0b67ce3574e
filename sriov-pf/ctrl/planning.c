/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/planning.h"

#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/model/want.h"

#include <stdio.h>
#include <string.h>

int planning_make(const struct ctrl *c, const struct pf_entry *p, const json_t *part,
		  struct planning *g, struct err *e)
{
	struct pf_want *wants;
	unsigned int n;
	int ret;

	*g = (struct planning){.effective = config_effective(c, p, part)};
	if (!g->effective)
		return err_set(e, -ENOMEM, "no memory for a plan");
	ret = pf_wants_parse(g->effective, &wants, &n, e);
	if (ret != 0)
		return ret;
	ret = pf_plan_make(&p->state, &wants[0], pf_caps_of(p->state.driver), &g->plan, e);
	pf_wants_free(wants, n);
	return ret;
}

void planning_clear(struct planning *g)
{
	json_decref(g->effective);
	pf_plan_clear(&g->plan);
	*g = (struct planning){0};
}

const char *planning_takes(const struct pf_step *s, const struct lease *l)
{
	if (l->state == LEASE_UNUSABLE) /* nobody has it, and making it anew may mend it */
		return NULL;
	switch (s->kind) {
	case PF_STEP_NUMVFS:
		return "the number of virtual functions changes, which ends all of them";
	case PF_STEP_ESWITCH:
		return "the mode of the card's switch changes, which ends all of them";
	case PF_STEP_VF_UNBIND:
	case PF_STEP_VF_BIND:
	case PF_STEP_VF_OVERRIDE:
		return s->vf == l->vf && l->state != LEASE_RESERVED ? "its driver changes" : NULL;
	case PF_STEP_VF_RESET:
		return s->vf == l->vf && l->state != LEASE_RESERVED ? "it is reset" : NULL;
	default:
		return NULL;
	}
}

static void add_blast(const struct pf_entry *p, const struct pf_plan *plan, const struct lease *l,
		      json_t *blast)
{
	char vf[PF_NAME + 12];

	for (unsigned int i = 0; i < plan->steps; i++) {
		const char *why = planning_takes(&plan->step[i], l);

		if (!why)
			continue;
		snprintf(vf, sizeof(vf), "%s/%u", p->name, l->vf);
		json_array_append_new(
			blast, json_pack("{s:s,s:s,s:s}", "guest", l->guest, "vf", vf, "why", why));
		return;
	}
}

void planning_blast(const struct ctrl *c, const struct pf_entry *p, const struct pf_plan *plan,
		    json_t *blast)
{
	for (unsigned int i = 0; i < c->leases.leases; i++)
		if (strcmp(c->leases.lease[i]->pf, p->address) == 0)
			add_blast(p, plan, c->leases.lease[i], blast);
}

static json_t *find_change(json_t *changes, const char *object, const char *name)
{
	json_t *change;
	size_t i;

	json_array_foreach (changes, i, change)
		if (strcmp(json_get_str(change, "object", ""), object) == 0 &&
		    strcmp(json_get_str(change, "name", ""), name) == 0)
			return change;
	change = json_pack("{s:s,s:s,s:s,s:{}}", "verb", "set", "object", object, "name", name,
			   "params");
	json_array_append_new(changes, change);
	return change;
}

/* What a step of the whole PF sets; NULL: it is a VF's. */
static const char *pf_key(const struct pf_step *s)
{
	switch (s->kind) {
	case PF_STEP_NUMVFS:
		return "numvfs";
	case PF_STEP_MTU:
		return "mtu";
	case PF_STEP_ESWITCH:
		return "eswitch";
	case PF_STEP_AUTOPROBE:
		return "autoprobe";
	default:
		return NULL;
	}
}

static json_t *pf_value(const struct pf_step *s, unsigned int number)
{
	static const char *const modes[] = {"none", "legacy", "switchdev"};

	if (s->kind == PF_STEP_ESWITCH)
		return json_string(modes[number < 3 ? number : 0]);
	return s->kind == PF_STEP_AUTOPROBE ? json_boolean(number) : json_integer(number);
}

static const char *vf_key(const struct pf_step *s)
{
	if (s->kind == PF_STEP_VF_SET)
		return pf_attr_name(s->attr);
	return s->kind == PF_STEP_VF_BIND || s->kind == PF_STEP_VF_OVERRIDE ? "driver" : NULL;
}

static void vf_value(const struct pf_step *s, char *text, size_t size)
{
	if (s->kind == PF_STEP_VF_SET)
		pf_vf_text(&s->value, s->attr, text, size);
	else
		snprintf(text, size, "%s", s->value.override[0] ? s->value.override : "kernel");
}

/* As keys of the configuration: some attributes are several. */
static void put_vf_values(const struct pf_step *s, json_t *params)
{
	const struct pf_vf *vf = &s->value;
	char text[96];

	if (s->kind == PF_STEP_VF_SET && s->attr == PF_VLAN) {
		json_object_set_new(params, "vlan", json_integer(vf->vid));
		if (vf->qos)
			json_object_set_new(params, "qos", json_integer(vf->qos));
		if (vf->proto == 0x88a8)
			json_object_set_new(params, "vlan-proto", json_string("802.1ad"));
	} else if (s->kind == PF_STEP_VF_SET && s->attr == PF_RATE) {
		if (vf->min_mbps)
			json_object_set_new(params, "min-rate", json_integer(vf->min_mbps));
		json_object_set_new(params, "max-rate", json_integer(vf->max_mbps));
	} else {
		vf_value(s, text, sizeof(text));
		json_object_set_new(params, vf_key(s), json_string(text));
	}
}

static void pf_change(const struct pf_entry *p, const char *name, const struct pf_step *s,
		      json_t *changes)
{
	json_t *change = find_change(changes, "pf", name);

	json_object_set_new(json_object_get(change, "params"), pf_key(s), pf_value(s, s->number));
	if (s->kind == PF_STEP_NUMVFS && p->state.numvfs > 0)
		json_object_set_new(
			change, "note",
			json_sprintf("all %u virtual functions are made anew", p->state.numvfs));
}

void planning_changes(const struct pf_entry *p, const char *name, const struct pf_plan *plan,
		      json_t *changes)
{
	char vf[PF_NAME + 12];

	for (unsigned int i = 0; i < plan->steps; i++) {
		const struct pf_step *s = &plan->step[i];

		/* How it is done, not what. */
		if (s->kind == PF_STEP_AUTOPROBE)
			continue;
		snprintf(vf, sizeof(vf), "%s/%u", name, s->vf);
		if (pf_key(s))
			pf_change(p, name, s, changes);
		else if (vf_key(s))
			put_vf_values(s, json_object_get(find_change(changes, "vf", vf), "params"));
	}
}

static unsigned int pf_is(const struct pf_state *is, enum pf_step_kind kind)
{
	return kind == PF_STEP_NUMVFS	 ? is->numvfs
	       : kind == PF_STEP_MTU	 ? is->mtu
	       : kind == PF_STEP_ESWITCH ? is->eswitch
					 : is->autoprobe;
}

static json_t *vf_drift(const struct pf_state *is, const struct pf_step *s)
{
	const char *key = vf_key(s);
	char what[64], has[96] = "", want[96];

	if (!key || s->vf >= is->numvfs)
		return NULL;
	snprintf(what, sizeof(what), "vf %u %s", s->vf, key);
	vf_value(s, want, sizeof(want));
	if (s->kind == PF_STEP_VF_SET)
		pf_vf_text(&is->vf[s->vf], s->attr, has, sizeof(has));
	else
		snprintf(has, sizeof(has), "%s",
			 is->vf[s->vf].driver[0] ? is->vf[s->vf].driver : "none");
	return json_pack("{s:s,s:s,s:s}", "what", what, "is", has, "want", want);
}

json_t *planning_drift(const struct pf_entry *p, const struct pf_plan *plan)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < plan->steps; i++) {
		const struct pf_step *s = &plan->step[i];
		const char *key = pf_key(s);
		json_t *one;

		/* On the way through 0 there are two; the last is meant. */
		if (s->kind == PF_STEP_AUTOPROBE ||
		    (s->kind == PF_STEP_NUMVFS && s->number == 0 && i + 1 < plan->steps))
			continue;
		one = key ? json_pack("{s:s,s:o,s:o}", "what", key, "is",
				      pf_value(s, pf_is(&p->state, s->kind)), "want",
				      pf_value(s, s->number))
			  : vf_drift(&p->state, s);
		if (one)
			json_array_append_new(list, one);
	}
	return list;
}
