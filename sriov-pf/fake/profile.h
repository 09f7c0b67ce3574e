/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a driver of Linux does, as far as it can be seen from outside. Written after the drivers'
 * sources, and not after the capability table: tests set the one against the other.
 */
#ifndef SRIOV_PF_FAKE_PROFILE_H
#define SRIOV_PF_FAKE_PROFILE_H

#include "sriov-pf/model/state.h"

/* One ndo_set_vf_*: 0 or negative errno. It may say 0 and do nothing. */
typedef int (*pf_fake_ndo)(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value);

struct pf_fake_profile {
	const char *driver;
	const char *vf_driver; /* what the kernel binds to a VF by itself; NULL: no PCI functions */
	uint16_t vendor, device;
	unsigned int totalvfs, mtu_max;
	uint32_t told;			/* PF_ATTR_BIT of what ndo_get_vf_config fills in */
	pf_fake_ndo set[PF_ATTRS];	/* NULL: the driver has none, rtnetlink says EOPNOTSUPP */
	void (*make)(struct pf_vf *vf); /* a VF made anew */
	bool has_modes;			/* devlink tells an eswitch mode */
	bool mode_without_vfs;		/* which changes only while there are no VFs */
	bool zero_resets_mode;		/* numvfs 0 brings back legacy */
	bool keeps_vfs;			/* what VFs had stays for those made later */
	int too_many;			/* errno of more VFs than there can be */
};

/* NULL: there is none. */
const struct pf_fake_profile *pf_fake_profile_of(const char *driver);

/* Those of profile_intel.c and profile_other.c. */
extern const struct pf_fake_profile pf_fake_igb, pf_fake_ixgbe, pf_fake_i40e, pf_fake_ice;
extern const struct pf_fake_profile pf_fake_mlx5, pf_fake_netdevsim;

/* What nearly all of them do. */
bool pf_fake_is_multicast(const uint8_t mac[6]);
int pf_fake_keep_mac(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value);
int pf_fake_keep_spoofchk(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value);
int pf_fake_keep_trust(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value);
int pf_fake_keep_link(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value);
int pf_fake_keep_rss(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value);
int pf_fake_keep_vlan(struct pf_vf *vf, const struct pf_vf *value);
int pf_fake_keep_rate(struct pf_vf *vf, const struct pf_vf *value);

#endif
