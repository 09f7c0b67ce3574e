/* SPDX-License-Identifier: BSD-3-Clause */
/* One step: as text, as JSON, and whether it was done. */
#include "sriov-pf/model/plan_priv.h"

#include "sriov-pf/model/read.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 96

static const char *const kind_words[] = {
	[PF_STEP_AUTOPROBE] = "autoprobe", [PF_STEP_ESWITCH] = "eswitch",
	[PF_STEP_NUMVFS] = "numvfs",	   [PF_STEP_MTU] = "mtu",
	[PF_STEP_VF_SET] = "vf-set",	   [PF_STEP_VF_UNBIND] = "vf-unbind",
	[PF_STEP_VF_BIND] = "vf-bind",	   [PF_STEP_VF_OVERRIDE] = "vf-override",
	[PF_STEP_VF_RESET] = "vf-reset",
};
#define KINDS (sizeof(kind_words) / sizeof(kind_words[0]))

static const char *const eswitch_words[] = {"none", "legacy", "switchdev"};

static const char *pf_text(const struct pf_step *s, char *buf, size_t len)
{
	if (s->kind == PF_STEP_AUTOPROBE)
		snprintf(buf, len, "autoprobe %s", s->number ? "on" : "off");
	else if (s->kind == PF_STEP_ESWITCH)
		snprintf(buf, len, "eswitch %s", s->number < 3 ? eswitch_words[s->number] : "?");
	else
		snprintf(buf, len, "%s %u", kind_words[s->kind], s->number);
	return buf;
}

static const char *set_text(const struct pf_step *s, char *buf, size_t len)
{
	/* These two name their keys themselves. */
	bool named = s->attr == PF_VLAN || s->attr == PF_RATE;
	char value[TEXT_MAX];

	pf_vf_text(&s->value, s->attr, value, sizeof(value));
	snprintf(buf, len, "vf %u: %s%s%s", s->vf, named ? "" : pf_attr_name(s->attr),
		 named ? "" : " ", value);
	return buf;
}

const char *pf_step_text(const struct pf_step *s, char *buf, size_t len)
{
	const char *override = s->value.override;

	switch (s->kind) {
	case PF_STEP_AUTOPROBE:
	case PF_STEP_ESWITCH:
	case PF_STEP_NUMVFS:
	case PF_STEP_MTU:
		return pf_text(s, buf, len);
	case PF_STEP_VF_SET:
		return set_text(s, buf, len);
	case PF_STEP_VF_UNBIND:
		snprintf(buf, len, "vf %u: unbind", s->vf);
		break;
	case PF_STEP_VF_BIND:
		snprintf(buf, len, "vf %u: driver %s", s->vf,
			 override[0] ? override : "of the kernel's choice");
		break;
	case PF_STEP_VF_OVERRIDE:
		snprintf(buf, len, "vf %u: %s%s", s->vf, override[0] ? "override " : "no override",
			 override);
		break;
	case PF_STEP_VF_RESET:
		snprintf(buf, len, "vf %u: reset", s->vf);
		break;
	}
	return buf;
}

static bool put(json_t *obj, const char *key, json_t *json)
{
	return json_object_set_new(obj, key, json) == 0;
}

static bool is_vf_kind(enum pf_step_kind kind)
{
	return kind >= PF_STEP_VF_SET;
}

static bool put_value(json_t *j, const struct pf_step *s)
{
	struct pf_vf only = {0};

	if (s->kind == PF_STEP_VF_BIND || s->kind == PF_STEP_VF_OVERRIDE)
		return put(j, "override", json_string(s->value.override));
	if (s->kind != PF_STEP_VF_SET)
		return true;
	pf_vf_take(&only, &s->value, s->attr);
	return put(j, "attr", json_string(pf_attr_name(s->attr))) &&
	       put(j, "value", pf_vf_json(&only));
}

json_t *pf_step_json(const struct pf_step *s)
{
	bool vf = is_vf_kind(s->kind);
	json_t *j = json_object();

	if (j && put(j, "kind", json_string(kind_words[s->kind])) &&
	    put(j, vf ? "vf" : "number", json_integer(vf ? s->vf : s->number)) && put_value(j, s))
		return j;
	json_decref(j);
	return NULL;
}

static int read_set(struct pf_read *r, struct pf_step *s, struct err *e)
{
	const char *names[PF_VF_DRIVER];
	unsigned int attr = 0;
	int rc;

	for (enum pf_attr a = 0; a < PF_VF_DRIVER; a++)
		names[a] = pf_attr_name(a);
	rc = pf_read_word(r, "attr", names, PF_VF_DRIVER, &attr, e);
	if (rc != 0)
		return rc;
	s->attr = attr;
	rc = pf_vf_parse(json_object_get(r->obj, "value"), &s->value, e);
	r->seen++;
	if (rc == 0 && s->value.known != PF_ATTR_BIT(attr))
		rc = pf_read_error(r, "value", e, "must hold that attribute and no other");
	return rc;
}

static int read_vf_step(struct pf_read *r, struct pf_step *s, struct err *e)
{
	uint64_t vf;
	int rc = pf_read_uint(r, "vf", PF_VFS_MAX - 1, &vf, e);

	if (rc != 0)
		return rc;
	s->vf = (unsigned int)vf;
	if (s->kind == PF_STEP_VF_SET)
		return read_set(r, s, e);
	s->attr = PF_VF_DRIVER;
	if (s->kind == PF_STEP_VF_BIND || s->kind == PF_STEP_VF_OVERRIDE)
		return pf_read_str(r, "override", s->value.override, sizeof(s->value.override), e);
	return 0;
}

static int read_pf_step(struct pf_read *r, struct pf_step *s, struct err *e)
{
	static const uint64_t max[] = {[PF_STEP_AUTOPROBE] = 1,
				       [PF_STEP_ESWITCH] = PF_ESWITCH_SWITCHDEV,
				       [PF_STEP_NUMVFS] = PF_VFS_MAX,
				       [PF_STEP_MTU] = INT32_MAX};
	uint64_t number;
	int rc = pf_read_uint(r, "number", max[s->kind], &number, e);

	if (rc == 0)
		s->number = (unsigned int)number;
	return rc;
}

int pf_step_parse(const json_t *json, struct pf_step *s, struct err *e)
{
	unsigned int kind = 0;
	struct pf_read r;
	int rc = pf_read_begin(&r, json, "", e);

	*s = (struct pf_step){0};
	if (rc == 0)
		rc = pf_read_word(&r, "kind", kind_words, KINDS, &kind, e);
	s->kind = kind;
	if (rc == 0)
		rc = is_vf_kind(s->kind) ? read_vf_step(&r, s, e) : read_pf_step(&r, s, e);
	return rc == 0 ? pf_read_end(&r, e) : rc;
}

static bool bind_done(const struct pf_step *s, const struct pf_vf *vf)
{
	const char *want = s->value.override;

	if (strcmp(vf->override, want) != 0)
		return false;
	if (s->kind == PF_STEP_VF_OVERRIDE)
		return true;
	if (!want[0])
		return vf->driver[0] && !pf_driver_is_vfio(vf->driver);
	return strcmp(vf->driver, want) == 0;
}

static bool vf_done(const struct pf_step *s, const struct pf_vf *vf)
{
	switch (s->kind) {
	case PF_STEP_VF_SET:
		return (vf->known & PF_ATTR_BIT(s->attr)) && pf_vf_same(vf, &s->value, s->attr);
	case PF_STEP_VF_UNBIND:
		return !vf->driver[0];
	case PF_STEP_VF_BIND:
	case PF_STEP_VF_OVERRIDE:
		return bind_done(s, vf);
	default:
		return true;
	}
}

bool pf_step_done(const struct pf_step *s, const struct pf_state *is)
{
	switch (s->kind) {
	case PF_STEP_AUTOPROBE:
		return is->autoprobe == (s->number != 0);
	case PF_STEP_ESWITCH:
		return is->eswitch == s->number;
	case PF_STEP_NUMVFS:
		return is->numvfs == s->number;
	case PF_STEP_MTU:
		return is->mtu == s->number;
	default:
		return s->vf < is->numvfs && vf_done(s, &is->vf[s->vf]);
	}
}
