/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts that all plans are made of. */
#include "sriov-pf/model/plan_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VID_MAX 4094
#define QOS_MAX 7
#define AT_SIZE 64

/* rtnetlink tells these of any driver, and as neutral where the driver says nothing. */
#define ALWAYS_TOLD                                                          \
	(PF_ATTR_BIT(PF_MAC) | PF_ATTR_BIT(PF_VLAN) | PF_ATTR_BIT(PF_RATE) | \
	 PF_ATTR_BIT(PF_LINK_STATE))

void pf_plan_clear(struct pf_plan *p)
{
	free(p->step);
	*p = (struct pf_plan){0};
}

int pf_making_add(struct pf_making *m, struct pf_step step)
{
	struct pf_plan *p = m->plan;

	if (p->steps == p->room) {
		unsigned int room = p->room ? 2 * p->room : 16;
		struct pf_step *grown = realloc(p->step, room * sizeof(*grown));

		if (!grown)
			return err_set(m->e, -ENOMEM, "out of memory");
		p->step = grown;
		p->room = room;
	}
	p->step[p->steps++] = step;
	return 0;
}

int pf_making_number(struct pf_making *m, enum pf_step_kind kind, unsigned int number)
{
	return pf_making_add(m, (struct pf_step){.kind = kind, .number = number});
}

int pf_making_refuse(struct pf_making *m, int code, const char *path, const char *fmt, ...)
{
	char text[sizeof(((struct err *)NULL)->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (m->rc == 0) {
		err_at(m->e, m->back ? -ENOTSUP : code, path, "%s", text);
		m->rc = m->back ? -ENOTSUP : code;
	}
	return m->rc;
}

int pf_making_end(struct pf_making *m, int rc)
{
	if (rc != 0)
		pf_plan_clear(m->plan);
	return rc != 0 ? rc : m->rc;
}

int pf_making_autoprobe(struct pf_making *m, bool on)
{
	if (m->autoprobe == on || !(m->caps->attrs & PF_ATTR_BIT(PF_VF_DRIVER)))
		return 0;
	m->autoprobe = on;
	return pf_making_number(m, PF_STEP_AUTOPROBE, on);
}

uint32_t pf_making_attrs(const struct pf_making *m)
{
	return m->eswitch == PF_ESWITCH_SWITCHDEV ? m->caps->switchdev_attrs : m->caps->attrs;
}

int pf_making_count(struct pf_making *m, unsigned int numvfs, enum pf_eswitch eswitch)
{
	const struct pf_state *is = m->is;
	bool same = numvfs == is->numvfs;
	bool zero = is->numvfs &&
		    (eswitch != is->eswitch || (!same && (m->caps->through_zero || !numvfs)));
	enum pf_eswitch mode = is->eswitch;
	int rc = 0;

	if (zero && m->caps->zero_legacy && mode == PF_ESWITCH_SWITCHDEV)
		mode = PF_ESWITCH_LEGACY;
	m->eswitch = eswitch;
	m->numvfs = numvfs;
	m->fresh = zero ? 0 : is->numvfs;
	m->plan->loses_vfs = zero || numvfs < is->numvfs;
	/* VFs that appear would be bound to the host's drivers before anything is set. */
	if (numvfs > m->fresh)
		rc = pf_making_autoprobe(m, false);
	if (rc == 0 && zero)
		rc = pf_making_number(m, PF_STEP_NUMVFS, 0);
	if (rc == 0 && mode != eswitch)
		rc = pf_making_number(m, PF_STEP_ESWITCH, eswitch);
	if (rc == 0 && numvfs != (zero ? 0 : is->numvfs))
		rc = pf_making_number(m, PF_STEP_NUMVFS, numvfs);
	return rc;
}

struct pf_vf pf_making_vf(const struct pf_making *m, unsigned int vf)
{
	uint32_t driver = m->caps->attrs & PF_ATTR_BIT(PF_VF_DRIVER);
	struct pf_vf anew = {0};

	if (vf < m->fresh)
		return m->is->vf[vf];
	/* Autoprobe was off when it was made, so nothing is bound. What the driver does not take
	 * nobody can have set, unless it was taken once and kept. What it takes may be anything, by
	 * its defaults. */
	pf_vf_neutral(&anew);
	anew.known = driver;
	if (!m->caps->keeps_stale)
		anew.known |= ALWAYS_TOLD & ~pf_making_attrs(m);
	return anew;
}

static bool is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, sizeof(zero)) == 0;
}

static int check_mac(struct pf_making *m, const char *at, const struct pf_vf *v)
{
	if (v->mac[0] & 1)
		return pf_making_refuse(m, -EINVAL, at,
					"mac: is a group's address; give a single station's, whose "
					"first octet is even");
	if (is_zero(v->mac) && !m->caps->zero_mac)
		return pf_making_refuse(
			m, -ENOTSUP, at,
			"mac: driver %s does not take all zero; give an address, or "
			"make the VFs anew (numvfs 0, then as many again)",
			m->is->driver);
	return 0;
}

static int check_vlan(struct pf_making *m, const char *at, const struct pf_vf *v)
{
	bool tagged = v->vid || v->qos;

	if (v->vid > VID_MAX || v->qos > QOS_MAX)
		return pf_making_refuse(m, -ERANGE, at,
					"vlan: ids are 0 to %d and priorities 0 to %d", VID_MAX,
					QOS_MAX);
	if (tagged && v->proto != 0x8100 && v->proto != 0x88a8)
		return pf_making_refuse(
			m, -EINVAL, at,
			"vlan: the kind of tag 0x%04x is neither 802.1Q nor 802.1ad", v->proto);
	if (tagged && v->proto == 0x88a8 && !m->caps->dot1ad)
		return pf_making_refuse(
			m, -ENOTSUP, at,
			"vlan: driver %s sets 802.1Q tags only; set vlan-proto 802.1Q",
			m->is->driver);
	return 0;
}

static int check_rate(struct pf_making *m, const char *at, const struct pf_vf *v)
{
	if (v->max_mbps && v->min_mbps > v->max_mbps)
		return pf_making_refuse(m, -EINVAL, at,
					"rate: min-rate %u is above max-rate %u; lower it",
					v->min_mbps, v->max_mbps);
	if (v->min_mbps && !m->caps->min_rate)
		return pf_making_refuse(m, -ENOTSUP, at,
					"rate: driver %s has no least rate; leave min-rate out",
					m->is->driver);
	if (v->max_mbps && v->max_mbps < m->caps->least_max_mbps)
		return pf_making_refuse(m, -ENOTSUP, at,
					"rate: driver %s takes a max-rate of %u or more; raise it",
					m->is->driver, m->caps->least_max_mbps);
	return 0;
}

static int check_link(struct pf_making *m, const char *at, const struct pf_vf *v)
{
	if ((unsigned int)v->link > PF_LINK_DISABLE)
		return pf_making_refuse(m, -EINVAL, at,
					"link-state: must be auto, enable or disable");
	if (v->link == PF_LINK_ENABLE && !m->caps->link_enable)
		return pf_making_refuse(m, -ENOTSUP, at,
					"link-state: driver %s does not do enable; set auto",
					m->is->driver);
	return 0;
}

/* Can that value be at all, with that driver? */
static int check(struct pf_making *m, const char *at, const struct pf_vf *value, enum pf_attr attr)
{
	switch (attr) {
	case PF_MAC:
		return check_mac(m, at, value);
	case PF_VLAN:
		return check_vlan(m, at, value);
	case PF_RATE:
		return check_rate(m, at, value);
	case PF_LINK_STATE:
		return check_link(m, at, value);
	default:
		return 0;
	}
}

static int refuse_attr(struct pf_making *m, const char *at, enum pf_attr attr)
{
	bool legacy = m->caps->attrs & PF_ATTR_BIT(attr);

	return pf_making_refuse(m, -ENOTSUP, at, "%s: driver %s does not set it%s; leave it out%s",
				pf_attr_name(attr), m->is->driver,
				legacy ? " in switchdev mode" : "",
				legacy ? ", or set eswitch legacy" : "");
}

static int attr_step(struct pf_making *m, const struct pf_vf *now, const struct pf_step *step)
{
	uint32_t bit = PF_ATTR_BIT(step->attr);
	char at[AT_SIZE];
	int rc;

	snprintf(at, sizeof(at), "/vfs/%u/%s", step->vf, pf_attr_name(step->attr));
	rc = check(m, at, &step->value, step->attr);
	if (rc != 0)
		return rc;
	if (!(pf_making_attrs(m) & bit))
		return refuse_attr(m, at, step->attr);
	if (!m->is->ifname[0])
		return pf_making_refuse(m, -ENOTSUP, at,
					"%s: the PF has no interface in this network namespace, "
					"through which it is set; move it back",
					pf_attr_name(step->attr));
	if (step->vf < m->fresh && !(now->known & bit))
		return pf_making_refuse(m, -ENOTSUP, at,
					"%s: driver %s does not tell it, so it could not be "
					"checked; leave it out",
					pf_attr_name(step->attr), m->is->driver);
	return pf_making_add(m, *step);
}

int pf_making_set(struct pf_making *m, unsigned int vf, const struct pf_vf *now,
		  const struct pf_vf *value, enum pf_attr attr)
{
	struct pf_step step = {.kind = PF_STEP_VF_SET, .vf = vf, .attr = attr};
	int rc;

	pf_vf_take(&step.value, value, attr);
	rc = attr_step(m, now, &step);
	return m->back && rc != -ENOMEM ? 0 : rc;
}

int pf_making_attr(struct pf_making *m, unsigned int vf, const struct pf_vf *now,
		   const struct pf_vf *value, enum pf_attr attr)
{
	struct pf_vf wanted = *value;

	wanted.known |= PF_ATTR_BIT(attr);
	if ((now->known & PF_ATTR_BIT(attr)) && pf_vf_same(now, &wanted, attr))
		return 0;
	return pf_making_set(m, vf, now, value, attr);
}

bool pf_driver_is_vfio(const char *driver)
{
	size_t len = strlen(driver);

	return strcmp(driver, "vfio-pci") == 0 ||
	       (len > 9 && strcmp(driver + len - 9, "_vfio_pci") == 0);
}
