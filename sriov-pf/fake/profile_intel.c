/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * igb, ixgbe, i40e and ice, as of Linux 6.12; each function names the one it follows. Their links
 * are up at full speed.
 */
#include "sriov-pf/fake/profile.h"

#define BIT(a)	 PF_ATTR_BIT(PF_##a)
#define TOLD_MIN (BIT(MAC) | BIT(VLAN) | BIT(RATE) | BIT(LINK_STATE)) /* by rtnl_fill_vfinfo */

/* igb_vf_configure, ixgbe_enable_sriov, i40e_alloc_vfs, ice_initialize_vf_entry: spoof check on. */
static void make_vf(struct pf_vf *vf)
{
	vf->proto = 0x8100;
	vf->spoofchk = true;
}

/* igb_ndo_set_vf_vlan, ixgbe_ndo_set_vf_vlan, i40e_ndo_set_vf_port_vlan */
static int vlan_q(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->vid > 4095 || value->qos > 7)
		return -EINVAL;
	if (value->proto != 0x8100)
		return -EPROTONOSUPPORT;
	return pf_fake_keep_vlan(vf, value);
}

/* igb_ndo_set_vf_bw, of an 82576: others say EOPNOTSUPP. */
static int igb_rate(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->min_mbps || value->max_mbps > 1000)
		return -EINVAL;
	return pf_fake_keep_rate(vf, value);
}

/* igb_netdev_ops has no ndo_set_vf_link_state and no ndo_set_vf_rss_query_en; igb_ndo_set_vf_trust
 * and igb_ndo_set_vf_spoofchk refuse nothing. max_mtu: igb_probe, MAX_STD_JUMBO_FRAME_SIZE. */
const struct pf_fake_profile pf_fake_igb = {
	.driver = "igb",
	.vf_driver = "igbvf",
	.vendor = 0x8086,
	.device = 0x10c9,
	.totalvfs = 7,
	.mtu_max = 9216,
	.told = TOLD_MIN | BIT(SPOOFCHK) | BIT(TRUST),
	.set = {[PF_MAC] = pf_fake_keep_mac,
		[PF_VLAN] = vlan_q,
		[PF_RATE] = igb_rate,
		[PF_SPOOFCHK] = pf_fake_keep_spoofchk,
		[PF_TRUST] = pf_fake_keep_trust},
	.make = make_vf,
	.too_many = -ERANGE,
};

/* ixgbe_ndo_set_vf_bw */
static int ixgbe_rate(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->min_mbps)
		return -EINVAL;
	if (value->max_mbps && (value->max_mbps <= 10 || value->max_mbps > 10000))
		return -EINVAL;
	return pf_fake_keep_rate(vf, value);
}

/* ixgbe_ndo_set_vf_link_state logs that enable is "not supported", and returns 0. */
static int ixgbe_link(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	return value->link == PF_LINK_ENABLE ? 0 : pf_fake_keep_link(mode, vf, value);
}

/* ixgbe_ndo_set_vf_rss_query_en: 82599 and X540 only, this is one. max_mtu: ixgbe_probe,
 * IXGBE_MAX_JUMBO_FRAME_SIZE less the header and its checksum. */
const struct pf_fake_profile pf_fake_ixgbe = {
	.driver = "ixgbe",
	.vf_driver = "ixgbevf",
	.vendor = 0x8086,
	.device = 0x10fb,
	.totalvfs = 63,
	.mtu_max = 9710,
	.told = TOLD_MIN | BIT(SPOOFCHK) | BIT(TRUST) | BIT(RSS_QUERY),
	.set = {[PF_MAC] = pf_fake_keep_mac,
		[PF_VLAN] = vlan_q,
		[PF_RATE] = ixgbe_rate,
		[PF_SPOOFCHK] = pf_fake_keep_spoofchk,
		[PF_TRUST] = pf_fake_keep_trust,
		[PF_LINK_STATE] = ixgbe_link,
		[PF_RSS_QUERY] = pf_fake_keep_rss},
	.make = make_vf,
	.too_many = -ERANGE,
};

/* i40e_ndo_set_vf_bw, i40e_set_bw_limit */
static int i40e_rate(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->min_mbps || value->max_mbps > 40000)
		return -EINVAL;
	return pf_fake_keep_rate(vf, value);
}

/* i40e_ndo_set_vf_mac, _spoofchk, _trust and _link_state take what they are given. */
const struct pf_fake_profile pf_fake_i40e = {
	.driver = "i40e",
	.vf_driver = "iavf",
	.vendor = 0x8086,
	.device = 0x1583,
	.totalvfs = 64,
	.mtu_max = 9702,
	.told = TOLD_MIN | BIT(SPOOFCHK) | BIT(TRUST),
	.set = {[PF_MAC] = pf_fake_keep_mac,
		[PF_VLAN] = vlan_q,
		[PF_RATE] = i40e_rate,
		[PF_SPOOFCHK] = pf_fake_keep_spoofchk,
		[PF_TRUST] = pf_fake_keep_trust,
		[PF_LINK_STATE] = pf_fake_keep_link},
	.make = make_vf,
	.too_many = -ERANGE,
};

/* ice_set_vf_port_vlan: 802.1ad in double VLAN mode, which this card is in. */
static int ice_vlan(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->vid >= 4096 || value->qos > 7)
		return -EINVAL;
	if (value->proto != 0x8100 && value->proto != 0x88a8)
		return -EPROTONOSUPPORT;
	return pf_fake_keep_vlan(vf, value);
}

/* ice_set_vf_bw: not below ice_min_tx_rate_oversubscribed, of 100 Gb/s here. */
static int ice_rate(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (value->min_mbps > 100000 || value->max_mbps > 100000)
		return -EINVAL;
	return pf_fake_keep_rate(vf, value);
}

/* ice_set_vf_trust: "Trusted VF is forbidden in switchdev mode" */
static int ice_trust(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (mode == PF_ESWITCH_SWITCHDEV)
		return -EOPNOTSUPP;
	return pf_fake_keep_trust(mode, vf, value);
}

/* ice_eswitch_mode_set refuses while ice_has_vfs. */
const struct pf_fake_profile pf_fake_ice = {
	.driver = "ice",
	.vf_driver = "iavf",
	.vendor = 0x8086,
	.device = 0x1592,
	.totalvfs = 128,
	.mtu_max = 9702,
	.told = TOLD_MIN | BIT(SPOOFCHK) | BIT(TRUST),
	.set = {[PF_MAC] = pf_fake_keep_mac,
		[PF_VLAN] = ice_vlan,
		[PF_RATE] = ice_rate,
		[PF_SPOOFCHK] = pf_fake_keep_spoofchk,
		[PF_TRUST] = ice_trust,
		[PF_LINK_STATE] = pf_fake_keep_link},
	.make = make_vf,
	.has_modes = true,
	.mode_without_vfs = true,
	.too_many = -ERANGE,
};
