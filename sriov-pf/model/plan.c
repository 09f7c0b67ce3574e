/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/plan_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_MIN 68
#define MTU_MAX 65535
#define AT_SIZE 64

void pf_want_clear(struct pf_want *w)
{
	free(w->vf);
	*w = (struct pf_want){0};
}

static unsigned int wanted_vfs(const struct pf_want *w)
{
	if (!w->vf)
		return 0;
	return w->set & PF_WANT_NUMVFS ? w->numvfs : w->vfs;
}

static int check_count(struct pf_making *m, const struct pf_want *w)
{
	char at[AT_SIZE];

	if ((w->set & PF_WANT_NUMVFS) && w->numvfs > m->is->totalvfs)
		return pf_making_refuse(m, -ERANGE, "/numvfs",
					"numvfs: %u are more than the %u the card has; lower it",
					w->numvfs, m->is->totalvfs);
	if (w->set & PF_WANT_NUMVFS)
		return 0;
	for (unsigned int i = m->is->numvfs; i < wanted_vfs(w); i++) {
		if (!w->vf[i].set)
			continue;
		snprintf(at, sizeof(at), "/vfs/%u", i);
		return pf_making_refuse(
			m, -EINVAL, at,
			"there is no VF %u, the PF has %u; set numvfs to %u or more", i,
			m->is->numvfs, i + 1);
	}
	return 0;
}

static int check_mtu(struct pf_making *m, const struct pf_want *w)
{
	unsigned int max = m->is->mtu_max ? m->is->mtu_max : MTU_MAX;

	if (!(w->set & PF_WANT_MTU) || w->mtu == m->is->mtu)
		return 0;
	if (!m->is->ifname[0])
		return pf_making_refuse(m, -ENOTSUP, "/mtu",
					"mtu: the PF has no interface in this network namespace; "
					"move it back, or leave mtu out");
	if (w->mtu < MTU_MIN || w->mtu > max)
		return pf_making_refuse(m, -ERANGE, "/mtu", "mtu: %u is not within %d to %u",
					w->mtu, MTU_MIN, max);
	return 0;
}

/* A card without modes is what legacy means. */
static int wanted_eswitch(struct pf_making *m, const struct pf_want *w, enum pf_eswitch *mode)
{
	*mode = m->is->eswitch;
	if (!(w->set & PF_WANT_ESWITCH) || w->eswitch == m->is->eswitch)
		return 0;
	if (m->is->eswitch == PF_ESWITCH_NONE && w->eswitch == PF_ESWITCH_LEGACY)
		return 0;
	if (w->eswitch != PF_ESWITCH_LEGACY && w->eswitch != PF_ESWITCH_SWITCHDEV)
		return pf_making_refuse(m, -EINVAL, "/eswitch",
					"eswitch: must be legacy or switchdev");
	if (!m->caps->switchdev || m->is->eswitch == PF_ESWITCH_NONE)
		return pf_making_refuse(m, -ENOTSUP, "/eswitch",
					"eswitch: driver %s has no switchdev mode; leave it out",
					m->is->driver);
	*mode = w->eswitch;
	return 0;
}

static int vf_step(struct pf_making *m, enum pf_step_kind kind, unsigned int vf,
		   const char *override)
{
	struct pf_step step = {.kind = kind, .vf = vf, .attr = PF_VF_DRIVER};

	snprintf(step.value.override, sizeof(step.value.override), "%s", override);
	return pf_making_add(m, step);
}

/* The kernel's choice is whatever it bound by itself, but not what guests need. */
static bool driver_fits(const struct pf_vf *now, const char *want)
{
	if (strcmp(now->override, want) != 0)
		return false;
	if (!want[0])
		return now->driver[0] && !pf_driver_is_vfio(now->driver);
	if (strcmp(want, PF_NO_DRIVER) == 0)
		return !now->driver[0];
	return strcmp(now->driver, want) == 0;
}

static int refuse_driver(struct pf_making *m, unsigned int vf)
{
	char at[AT_SIZE];
	int rc;

	snprintf(at, sizeof(at), "/vfs/%u/driver", vf);
	rc = pf_making_refuse(m, -ENOTSUP, at,
			      "driver: the VFs of driver %s are no PCI functions; leave it out",
			      m->is->driver);
	return m->back ? 0 : rc;
}

static int unbind(struct pf_making *m, unsigned int vf, const struct pf_vf *now)
{
	return now->driver[0] ? vf_step(m, PF_STEP_VF_UNBIND, vf, "") : 0;
}

static int bind(struct pf_making *m, unsigned int vf, const struct pf_vf *now, const char *want)
{
	int rc = 0;

	if (want[0] && (strcmp(now->driver, want) == 0 || strcmp(want, PF_NO_DRIVER) == 0))
		return vf_step(m, PF_STEP_VF_OVERRIDE, vf, want);
	if (!want[0])
		rc = pf_making_autoprobe(m, true);
	return rc == 0 ? vf_step(m, PF_STEP_VF_BIND, vf, want) : rc;
}

/* What a VF made anew has of its own, where its driver keeps what another had. */
static uint32_t set_anyway(const struct pf_making *m, unsigned int vf)
{
	bool stale = m->caps->keeps_stale && vf >= m->fresh;

	return stale ? pf_making_attrs(m) & ~PF_ATTR_BIT(PF_VF_DRIVER) : 0;
}

static int plan_vf(struct pf_making *m, unsigned int vf, const struct pf_vf_want *want)
{
	static const struct pf_vf_want nothing;
	const struct pf_vf_want *w = want ? want : &nothing;
	struct pf_vf now = pf_making_vf(m, vf), neutral = {0};
	uint32_t set = w->set | set_anyway(m, vf);
	bool driver = w->set & PF_ATTR_BIT(PF_VF_DRIVER), other = false;
	int rc = 0;

	pf_caps_neutral(m->caps, &neutral);
	if (driver && !(now.known & PF_ATTR_BIT(PF_VF_DRIVER)))
		return refuse_driver(m, vf);
	other = driver && !driver_fits(&now, w->value.override);
	if (other && (!w->value.override[0] || strcmp(now.driver, w->value.override) != 0))
		rc = unbind(m, vf, &now);
	for (enum pf_attr a = 0; rc == 0 && a < PF_VF_DRIVER; a++)
		if (set & PF_ATTR_BIT(a))
			rc = pf_making_attr(m, vf, &now,
					    w->set & PF_ATTR_BIT(a) ? &w->value : &neutral, a);
	return rc == 0 && other ? bind(m, vf, &now, w->value.override) : rc;
}

int pf_plan_make(const struct pf_state *is, const struct pf_want *want, const struct pf_caps *caps,
		 struct pf_plan *plan, struct err *e)
{
	struct pf_making m = {
		.is = is, .caps = caps, .plan = plan, .e = e, .autoprobe = is->autoprobe};
	unsigned int numvfs = want->set & PF_WANT_NUMVFS ? want->numvfs : is->numvfs;
	enum pf_eswitch mode;
	int rc = check_count(&m, want);

	*plan = (struct pf_plan){0};
	if (rc == 0)
		rc = check_mtu(&m, want);
	if (rc == 0)
		rc = wanted_eswitch(&m, want, &mode);
	if (rc == 0)
		rc = pf_making_count(&m, numvfs, mode);
	if (rc == 0 && (want->set & PF_WANT_MTU) && want->mtu != is->mtu)
		rc = pf_making_number(&m, PF_STEP_MTU, want->mtu);
	for (unsigned int i = 0; rc == 0 && i < numvfs; i++)
		rc = plan_vf(&m, i, i < wanted_vfs(want) ? &want->vf[i] : NULL);
	if (rc == 0 && numvfs > m.fresh)
		rc = pf_making_autoprobe(&m, false);
	else if (rc == 0)
		rc = pf_making_autoprobe(&m, is->autoprobe);
	return pf_making_end(&m, rc);
}

/* By its name, not by the kernel's choice: exactly that driver, and then exactly that override. */
static int driver_back(struct pf_making *m, unsigned int vf, const struct pf_vf *now,
		       const struct pf_vf *former)
{
	const char *override = now->override;
	int rc = 0;

	if (pf_vf_same(now, former, PF_VF_DRIVER))
		return 0;
	if (!former->driver[0])
		rc = unbind(m, vf, now);
	else if (strcmp(now->driver, former->driver) != 0) {
		rc = vf_step(m, PF_STEP_VF_BIND, vf, former->driver);
		override = former->driver;
	}
	if (rc == 0 && strcmp(override, former->override) != 0)
		rc = vf_step(m, PF_STEP_VF_OVERRIDE, vf, former->override);
	return rc;
}

/* Of an attribute that the driver does not take in the mode to be: is it as before when the VF is
 * made anew? A driver that keeps what VFs had may have been told otherwise in another mode, so
 * there only what is read now is sure. */
static bool comes_by_itself(const struct pf_making *m, unsigned int vf, const struct pf_vf *former,
			    enum pf_attr attr)
{
	struct pf_vf made = {.known = PF_ATTR_BIT(attr)};

	if (m->caps->keeps_stale)
		return vf < m->is->numvfs && pf_vf_same(&m->is->vf[vf], former, attr);
	pf_caps_neutral(m->caps, &made);
	return pf_vf_same(former, &made, attr);
}

static int vf_back(struct pf_making *m, unsigned int vf, const struct pf_vf *former)
{
	struct pf_vf now = pf_making_vf(m, vf);
	bool driver = former->known & PF_ATTR_BIT(PF_VF_DRIVER), anew = vf >= m->fresh;
	int rc = 0;

	if (driver && !(now.known & PF_ATTR_BIT(PF_VF_DRIVER)))
		return refuse_driver(m, vf);
	if (driver && former->driver[0] && strcmp(now.driver, former->driver) != 0)
		rc = unbind(m, vf, &now);
	for (enum pf_attr a = 0; rc == 0 && a < PF_VF_DRIVER; a++)
		if ((former->known & PF_ATTR_BIT(a)) &&
		    !(anew && !(pf_making_attrs(m) & PF_ATTR_BIT(a)) &&
		      comes_by_itself(m, vf, former, a)))
			rc = pf_making_attr(m, vf, &now, former, a);
	return rc == 0 && driver ? driver_back(m, vf, &now, former) : rc;
}

static enum pf_eswitch eswitch_back(struct pf_making *m, const struct pf_state *former)
{
	enum pf_eswitch now = m->is->eswitch;

	if (now == former->eswitch ||
	    (now != PF_ESWITCH_NONE && former->eswitch != PF_ESWITCH_NONE))
		return former->eswitch;
	pf_making_refuse(m, -ENOTSUP, "/eswitch",
			 "eswitch: the modes of driver %s came or went; load the driver as before",
			 m->is->driver);
	return now;
}

static int mtu_back(struct pf_making *m, unsigned int mtu)
{
	if (mtu == m->is->mtu)
		return 0;
	if (m->is->ifname[0])
		return pf_making_number(m, PF_STEP_MTU, mtu);
	pf_making_refuse(m, -ENOTSUP, "/mtu",
			 "mtu: the PF has no interface in this network namespace; move it back");
	return 0;
}

int pf_plan_back(const struct pf_state *is, const struct pf_state *former,
		 const struct pf_caps *caps, struct pf_plan *plan, struct err *e)
{
	struct pf_making m = {.is = is,
			      .caps = caps,
			      .plan = plan,
			      .e = e,
			      .autoprobe = is->autoprobe,
			      .back = true};
	int rc;

	*plan = (struct pf_plan){0};
	rc = pf_making_count(&m, former->numvfs, eswitch_back(&m, former));
	if (rc == 0)
		rc = mtu_back(&m, former->mtu);
	for (unsigned int i = 0; rc == 0 && i < former->numvfs; i++)
		rc = vf_back(&m, i, &former->vf[i]);
	if (rc == 0)
		rc = pf_making_autoprobe(&m, former->autoprobe);
	return pf_making_end(&m, rc);
}

static int quarantine_driver(struct pf_making *m, unsigned int vf, const struct pf_vf *now)
{
	int rc;

	if (!(now->known & PF_ATTR_BIT(PF_VF_DRIVER)))
		return 0;
	rc = unbind(m, vf, now);
	if (rc == 0 && now->override[0])
		rc = vf_step(m, PF_STEP_VF_OVERRIDE, vf, "");
	return rc == 0 ? vf_step(m, PF_STEP_VF_RESET, vf, "") : rc;
}

/* Said again even when it reads as neutral; but not to a driver that does not take all zero. */
static int quarantine_attr(struct pf_making *m, unsigned int vf, const struct pf_vf *neutral,
			   enum pf_attr attr)
{
	const struct pf_vf *now = &m->is->vf[vf];

	if (attr == PF_MAC && !m->caps->zero_mac)
		return pf_making_attr(m, vf, now, neutral, attr);
	return pf_making_set(m, vf, now, neutral, attr);
}

int pf_plan_quarantine(const struct pf_state *is, unsigned int vf, const struct pf_caps *caps,
		       struct pf_plan *plan, struct err *e)
{
	struct pf_making m = {.is = is,
			      .caps = caps,
			      .plan = plan,
			      .e = e,
			      .back = true,
			      .eswitch = is->eswitch,
			      .autoprobe = is->autoprobe,
			      .numvfs = is->numvfs,
			      .fresh = is->numvfs};
	struct pf_vf neutral = {0};
	int rc;

	*plan = (struct pf_plan){0};
	if (vf >= is->numvfs)
		return err_set(e, -EINVAL, "there is no VF %u, the PF has %u", vf, is->numvfs);
	pf_caps_neutral(caps, &neutral);
	rc = quarantine_driver(&m, vf, &is->vf[vf]);
	for (enum pf_attr a = 0; rc == 0 && a < PF_VF_DRIVER; a++)
		if (is->vf[vf].known & pf_making_attrs(&m) & PF_ATTR_BIT(a))
			rc = quarantine_attr(&m, vf, &neutral, a);
	return pf_making_end(&m, rc);
}
