/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/fake/ops.h"

#include <stdio.h>
#include <string.h>

const struct ops_facts ops_facts[] = {
	{.driver = "igb",
	 .vf_driver = "igbvf",
	 .sets = "mvrst",
	 .low_rate = true,
	 .checks_spoof = true},
	{.driver = "ixgbe", .vf_driver = "ixgbevf", .sets = "mvrstlq", .checks_spoof = true},
	{.driver = "i40e",
	 .vf_driver = "iavf",
	 .sets = "mvrstl",
	 .low_rate = true,
	 .link_up = true,
	 .checks_spoof = true},
	{.driver = "ice",
	 .vf_driver = "iavf",
	 .sets = "mvrstl",
	 .switchdev_sets = "mvrsl",
	 .modes = true,
	 .service_tag = true,
	 .least_rate = true,
	 .low_rate = true,
	 .link_up = true,
	 .checks_spoof = true},
	{.driver = "mlx5_core",
	 .vf_driver = "mlx5_core",
	 .sets = "mvrstl",
	 .switchdev_sets = "mr",
	 .modes = true,
	 .least_rate = true,
	 .low_rate = true,
	 .link_up = true},
	{.driver = "netdevsim",
	 .sets = "mvrstlq",
	 .switchdev_sets = "mvstlq",
	 .modes = true,
	 .service_tag = true,
	 .least_rate = true,
	 .low_rate = true,
	 .link_up = true,
	 .stale = true},
	{0},
};

bool ops_sets(const struct ops_facts *f, enum pf_eswitch mode, enum pf_attr attr)
{
	if (attr == PF_VF_DRIVER)
		return f->vf_driver != NULL;
	return strchr(mode == PF_ESWITCH_SWITCHDEV ? f->switchdev_sets : f->sets,
		      "mvrstlq"[attr]) != NULL;
}

static bool takes(const struct ops_facts *f, const struct pf_vf *v, enum pf_attr attr)
{
	if (attr == PF_MAC)
		return !(v->mac[0] & 1);
	if (attr == PF_VLAN)
		return f->service_tag || v->proto == 0x8100 || (!v->vid && !v->qos);
	if (attr == PF_RATE)
		return (!v->max_mbps || v->min_mbps <= v->max_mbps) &&
		       (f->least_rate || !v->min_mbps) &&
		       (f->low_rate || !v->max_mbps || v->max_mbps > 10);
	return attr != PF_LINK_STATE || f->link_up || v->link != PF_LINK_ENABLE;
}

static void drive(const struct ops_facts *f, struct pf_vf *vf, const char *want)
{
	bool fits = !want[0] && !vf->override[0] && vf->driver[0] &&
		    strcmp(vf->driver, "vfio-pci") != 0;
	const char *driver = want;

	if (fits)
		return;
	if (!want[0])
		driver = f->vf_driver;
	if (strcmp(want, PF_NO_DRIVER) == 0)
		driver = "";
	snprintf(vf->driver, sizeof(vf->driver), "%s", driver);
	snprintf(vf->override, sizeof(vf->override), "%s", want);
}

/* Is one made anew certain to have that already, although nobody can read it yet? */
static bool sure(const struct ops_facts *f, const struct pf_vf *v, enum pf_attr attr)
{
	struct pf_vf neutral = {.known = PF_ATTR_BIT(attr)}, value = *v;

	if (f->stale || attr == PF_SPOOFCHK || attr == PF_TRUST || attr == PF_RSS_QUERY)
		return false;
	pf_vf_neutral(&neutral);
	value.known = PF_ATTR_BIT(attr);
	return pf_vf_same(&neutral, &value, attr);
}

static bool expect_attr(const struct ops_facts *f, enum pf_eswitch mode, bool anew,
			const struct pf_vf *value, enum pf_attr attr, struct pf_vf *vf)
{
	struct pf_vf wanted = *value;

	wanted.known = PF_ATTR_BIT(attr);
	if (!anew && (vf->known & wanted.known) && pf_vf_same(vf, &wanted, attr))
		return true;
	if (!ops_sets(f, mode, attr))
		return anew && sure(f, value, attr);
	if (!takes(f, value, attr))
		return false;
	pf_vf_take(vf, value, attr);
	return true;
}

static bool expect_vf(const struct ops_facts *f, enum pf_eswitch mode, bool anew,
		      const struct pf_vf_want *w, struct pf_vf *vf)
{
	bool driver = w->set & PF_ATTR_BIT(PF_VF_DRIVER);

	if (driver && !f->vf_driver)
		return false;
	for (enum pf_attr a = 0; a < PF_VF_DRIVER; a++)
		if ((w->set & PF_ATTR_BIT(a)) && !expect_attr(f, mode, anew, &w->value, a, vf))
			return false;
	if (driver)
		drive(f, vf, w->value.override);
	return true;
}

/* One made anew; what it kept from before is neutral where the driver lets that be said. */
static void make(const struct ops_facts *f, enum pf_eswitch mode, const struct pf_vf *memory,
		 struct pf_vf *vf)
{
	struct pf_vf neutral = {0};

	pf_vf_neutral(&neutral);
	neutral.spoofchk = f->checks_spoof;
	*vf = neutral;
	if (!f->stale)
		return;
	*vf = *memory;
	for (enum pf_attr a = 0; a < PF_VF_DRIVER; a++)
		if (ops_sets(f, mode, a))
			pf_vf_take(vf, &neutral, a);
}

bool ops_expect(const struct ops_facts *f, const struct pf_state *before,
		const struct pf_want *want, const struct pf_vf memory[OPS_VFS],
		struct pf_state *after)
{
	static const struct pf_vf_want nothing;
	struct pf_vf *vf = after->vf;
	bool anew;

	*after = *before;
	after->vf = vf;
	if (want->set & PF_WANT_NUMVFS)
		after->numvfs = want->numvfs;
	if (want->set & PF_WANT_MTU)
		after->mtu = want->mtu;
	if ((want->set & PF_WANT_ESWITCH) && f->modes)
		after->eswitch = want->eswitch;
	else if ((want->set & PF_WANT_ESWITCH) && want->eswitch == PF_ESWITCH_SWITCHDEV)
		return false;
	anew = after->numvfs != before->numvfs || after->eswitch != before->eswitch;
	if (anew && after->numvfs && f->vf_driver)
		after->autoprobe = false;
	for (unsigned int i = 0; i < after->numvfs; i++) {
		if (anew)
			make(f, after->eswitch, &memory[i], &vf[i]);
		else
			vf[i] = before->vf[i];
		if (!expect_vf(f, after->eswitch, anew, i < want->vfs ? &want->vf[i] : &nothing,
			       &vf[i]))
			return false;
	}
	return true;
}
