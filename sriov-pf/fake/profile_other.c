/* SPDX-License-Identifier: BSD-3-Clause */
/* mlx5_core and netdevsim, as of Linux 6.12; each function names the one it follows. */
#include "sriov-pf/fake/profile.h"

#define BIT(a)	 PF_ATTR_BIT(PF_##a)
#define TOLD_MIN (BIT(MAC) | BIT(VLAN) | BIT(RATE) | BIT(LINK_STATE)) /* by rtnl_fill_vfinfo */

/* mlx5_eswitch_clear_vf_vports_info: all zero, link auto. */
static void mlx5_make(struct pf_vf *vf)
{
	vf->proto = 0x8100;
}

/* mlx5e_set_vf_vlan, mlx5_eswitch_set_vport_vlan: none at all is taken in either mode, and in
 * switchdev does nothing. */
static int mlx5_vlan(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->proto != 0x8100)
		return -EPROTONOSUPPORT;
	if (mode == PF_ESWITCH_SWITCHDEV)
		return value->vid ? -EOPNOTSUPP : 0;
	if (value->vid > 4095 || value->qos > 7)
		return -EINVAL;
	return pf_fake_keep_vlan(vf, value);
}

/* mlx5_eswitch_set_vport_rate */
static int mlx5_rate(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	return pf_fake_keep_rate(vf, value);
}

/* mlx5_eswitch_set_vport_spoofchk: a MAC of zero is only warned of. */
static int mlx5_spoofchk(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (mode == PF_ESWITCH_SWITCHDEV)
		return -EOPNOTSUPP;
	return pf_fake_keep_spoofchk(mode, vf, value);
}

/* mlx5_eswitch_set_vport_trust */
static int mlx5_trust(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (mode == PF_ESWITCH_SWITCHDEV)
		return -EOPNOTSUPP;
	return pf_fake_keep_trust(mode, vf, value);
}

/* mlx5_eswitch_set_vport_state */
static int mlx5_link(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (mode == PF_ESWITCH_SWITCHDEV)
		return -EOPNOTSUPP;
	return pf_fake_keep_link(mode, vf, value);
}

/* mlx5_eswitch_set_vport_mac: any but a group's, in both modes. */
const struct pf_fake_profile pf_fake_mlx5 = {
	.driver = "mlx5_core",
	.vf_driver = "mlx5_core",
	.vendor = 0x15b3,
	.device = 0x1017,
	.totalvfs = 127,
	.mtu_max = 9978,
	.told = TOLD_MIN | BIT(SPOOFCHK) | BIT(TRUST),
	.set = {[PF_MAC] = pf_fake_keep_mac,
		[PF_VLAN] = mlx5_vlan,
		[PF_RATE] = mlx5_rate,
		[PF_SPOOFCHK] = mlx5_spoofchk,
		[PF_TRUST] = mlx5_trust,
		[PF_LINK_STATE] = mlx5_link},
	.make = mlx5_make,
	.has_modes = true,
	.too_many = -ERANGE,
};

/* nsim_dev's vfconfigs are kcalloc()ed once: a kind of tag of 0, too. */
static void nsim_make(struct pf_vf *vf)
{
	vf->proto = 0;
}

/* nsim_set_vf_vlan keeps whatever it is given. */
static int nsim_vlan(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->vid > 4095 || value->qos > 7)
		return -EINVAL;
	vf->vid = value->vid;
	vf->qos = value->qos;
	vf->proto = value->proto;
	return 0;
}

/* nsim_set_vf_rate: "Not supported in switchdev mode. Please use devlink API." */
static int nsim_rate(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (mode == PF_ESWITCH_SWITCHDEV)
		return -EOPNOTSUPP;
	return pf_fake_keep_rate(vf, value);
}

/* nsim_drv_configure_vfs: ENOMEM for too many; numvfs 0 calls nsim_esw_legacy_enable; vfconfigs
 * stay. How many there can be is set through debugfs (4 by default). */
const struct pf_fake_profile pf_fake_netdevsim = {
	.driver = "netdevsim",
	.totalvfs = 512,
	.mtu_max = 65535,
	.told = TOLD_MIN | BIT(SPOOFCHK) | BIT(TRUST) | BIT(RSS_QUERY),
	.set = {[PF_MAC] = pf_fake_keep_mac,
		[PF_VLAN] = nsim_vlan,
		[PF_RATE] = nsim_rate,
		[PF_SPOOFCHK] = pf_fake_keep_spoofchk,
		[PF_TRUST] = pf_fake_keep_trust,
		[PF_LINK_STATE] = pf_fake_keep_link,
		[PF_RSS_QUERY] = pf_fake_keep_rss},
	.make = nsim_make,
	.has_modes = true,
	.zero_resets_mode = true,
	.keeps_vfs = true,
	.too_many = -ENOMEM,
};
