/* SPDX-License-Identifier: BSD-3-Clause */
/* One step, as the PCI core, rtnetlink, devlink and the driver together carry it out. */
#include "sriov-pf/fake/fake_priv.h"

#include <stdio.h>
#include <string.h>

#define MTU_MIN 68 /* ETH_MIN_MTU */

static int refuse(const struct pf_fake_pf *p, const struct pf_step *s, int code, struct err *e)
{
	char text[128];

	return err_set(e, code, "%s: driver %s said: %s", pf_step_text(s, text, sizeof(text)),
		       p->profile->driver, strerror(-code));
}

/* sriov_drivers_autoprobe_store; netdevsim's device is none of PCI's and has no such file. */
static int do_autoprobe(struct pf_fake_pf *p, unsigned int on)
{
	if (!p->profile->vf_driver)
		return -ENOENT;
	p->is.autoprobe = on != 0;
	return 0;
}

/* devlink_nl_eswitch_set_doit */
static int do_eswitch(struct pf_fake_pf *p, unsigned int mode)
{
	if (!p->profile->has_modes)
		return -EOPNOTSUPP;
	if (mode != PF_ESWITCH_LEGACY && mode != PF_ESWITCH_SWITCHDEV)
		return -EINVAL;
	if (mode != p->is.eswitch && p->profile->mode_without_vfs && p->is.numvfs)
		return -EOPNOTSUPP;
	p->is.eswitch = mode;
	return 0;
}

/* Their devices go away, which waits for whoever holds one; what a driver keeps of them stays. */
static int destroy_vfs(struct pf_fake_pf *p)
{
	for (unsigned int i = 0; i < p->is.numvfs; i++)
		if (p->held[i])
			return -EBUSY;
	p->is.numvfs = 0;
	if (p->profile->zero_resets_mode)
		p->is.eswitch = PF_ESWITCH_LEGACY;
	if (!p->profile->keeps_vfs)
		pf_fake_forget(p);
	return 0;
}

/* sriov_numvfs_store, nsim_bus_dev_numvfs_store. */
static int do_numvfs(struct pf_fake_pf *p, unsigned int number)
{
	if (number > p->is.totalvfs)
		return p->profile->too_many;
	if (number == p->is.numvfs)
		return 0;
	if (number == 0)
		return destroy_vfs(p);
	if (p->is.numvfs)
		return -EBUSY;
	p->is.numvfs = number;
	for (unsigned int i = 0; p->is.autoprobe && i < number; i++)
		snprintf(p->is.vf[i].driver, sizeof(p->is.vf[i].driver), "%s",
			 p->profile->vf_driver);
	return 0;
}

/* dev_validate_mtu */
static int do_mtu(struct pf_fake_pf *p, unsigned int mtu)
{
	if (mtu < MTU_MIN || mtu > p->profile->mtu_max)
		return -EINVAL;
	p->is.mtu = mtu;
	return 0;
}

/* do_setvfinfo; rtnl_set_vf_rate looks at the rates before the driver does. */
static int do_set(struct pf_fake_pf *p, const struct pf_step *s)
{
	struct pf_vf *vf = &p->is.vf[s->vf];

	if ((unsigned int)s->attr >= PF_VF_DRIVER || !p->profile->set[s->attr])
		return -EOPNOTSUPP;
	if (s->attr == PF_RATE && s->value.max_mbps && s->value.min_mbps > s->value.max_mbps)
		return -EINVAL;
	return p->profile->set[s->attr](p->is.eswitch, vf, &s->value);
}

/* Would a driver of that name take the VF? */
static bool takes(const struct pf_fake_pf *p, const char *driver)
{
	return strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "pci-stub") == 0 ||
	       strcmp(driver, p->profile->vf_driver) == 0;
}

/* drivers_probe_store says nothing when no driver matches. pci_device_can_probe: a VF without an
 * override is left alone while its PF's autoprobe is off. */
static void probe(struct pf_fake_pf *p, struct pf_vf *vf)
{
	const char *driver = p->is.autoprobe ? p->profile->vf_driver : "";

	if (vf->driver[0])
		return;
	if (vf->override[0])
		driver = takes(p, vf->override) ? vf->override : "";
	snprintf(vf->driver, sizeof(vf->driver), "%s", driver);
}

static int do_device(struct pf_fake_pf *p, const struct pf_step *s)
{
	struct pf_vf *vf = &p->is.vf[s->vf];

	if (!p->profile->vf_driver)
		return -ENOENT;
	if (s->kind == PF_STEP_VF_RESET)
		return 0;
	if (s->kind == PF_STEP_VF_UNBIND) {
		if (vf->driver[0] && p->held[s->vf])
			return -EBUSY;
		vf->driver[0] = '\0';
		return 0;
	}
	memcpy(vf->override, s->value.override, sizeof(vf->override));
	if (s->kind == PF_STEP_VF_BIND)
		probe(p, vf);
	return 0;
}

static int do_vf(struct pf_fake_pf *p, const struct pf_step *s)
{
	if (s->vf >= p->is.numvfs)
		return -EINVAL;
	return s->kind == PF_STEP_VF_SET ? do_set(p, s) : do_device(p, s);
}

static int dispatch(struct pf_fake_pf *p, const struct pf_step *s)
{
	switch (s->kind) {
	case PF_STEP_AUTOPROBE:
		return do_autoprobe(p, s->number);
	case PF_STEP_ESWITCH:
		return do_eswitch(p, s->number);
	case PF_STEP_NUMVFS:
		return do_numvfs(p, s->number);
	case PF_STEP_MTU:
		return do_mtu(p, s->number);
	default:
		return do_vf(p, s);
	}
}

int pf_fake_do(struct pf_fake_pf *p, const struct pf_step *s, struct err *e)
{
	int rc = dispatch(p, s);

	return rc == 0 ? 0 : refuse(p, s, rc, e);
}
