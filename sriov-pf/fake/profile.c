/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/fake/profile.h"

#include <string.h>

const struct pf_fake_profile *pf_fake_profile_of(const char *driver)
{
	static const struct pf_fake_profile *const all[] = {
		&pf_fake_igb, &pf_fake_ixgbe, &pf_fake_i40e,
		&pf_fake_ice, &pf_fake_mlx5,  &pf_fake_netdevsim,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->driver, driver) == 0)
			return all[i];
	return NULL;
}

bool pf_fake_is_multicast(const uint8_t mac[6])
{
	return mac[0] & 1;
}

/* Zero takes the administrator's address away; it is what a VF made anew has. */
int pf_fake_keep_mac(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if (pf_fake_is_multicast(value->mac))
		return -EINVAL;
	memcpy(vf->mac, value->mac, sizeof(vf->mac));
	return 0;
}

int pf_fake_keep_spoofchk(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	vf->spoofchk = value->spoofchk;
	return 0;
}

int pf_fake_keep_trust(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	vf->trust = value->trust;
	return 0;
}

int pf_fake_keep_link(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	if ((unsigned int)value->link > PF_LINK_DISABLE)
		return -EINVAL;
	vf->link = value->link;
	return 0;
}

int pf_fake_keep_rss(enum pf_eswitch mode, struct pf_vf *vf, const struct pf_vf *value)
{
	vf->rss_query = value->rss_query;
	return 0;
}

/* Drivers keep no kind of tag where there is no tag, and tell 802.1Q. */
int pf_fake_keep_vlan(struct pf_vf *vf, const struct pf_vf *value)
{
	vf->vid = value->vid;
	vf->qos = value->qos;
	vf->proto = value->vid || value->qos ? value->proto : 0x8100;
	return 0;
}

int pf_fake_keep_rate(struct pf_vf *vf, const struct pf_vf *value)
{
	vf->min_mbps = value->min_mbps;
	vf->max_mbps = value->max_mbps;
	return 0;
}
