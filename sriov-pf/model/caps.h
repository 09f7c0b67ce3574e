/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What drivers are known to take, so that a plan is refused before its first step, and what was
 * learned since from their refusals. A driver that is not in the table is taken to do all.
 */
#ifndef SRIOV_PF_MODEL_CAPS_H
#define SRIOV_PF_MODEL_CAPS_H

#include "sriov-pf/model/state.h"

struct pf_caps {
	const char *driver;
	uint32_t attrs;		  /* PF_ATTR_BIT of those it sets, and tells */
	uint32_t switchdev_attrs; /* the same in switchdev mode */
	bool dot1ad;		  /* VLANs of proto 0x88a8 */
	bool min_rate;		  /* min_mbps other than 0 */
	bool through_zero;	  /* numvfs N to M only through 0 */
	bool zero_mac;		  /* takes all zero, which lets the VF's driver choose again */
	bool switchdev;		  /* has devlink's eswitch modes */
	bool link_enable;	  /* link-state enable; some say 0 to it and do nothing */
	bool zero_legacy;	  /* numvfs 0 brings the eswitch back to legacy */
	uint32_t least_max_mbps;  /* of max_mbps other than 0 */
	bool checks_spoof;	  /* VFs made anew have the spoof check on */
	bool keeps_stale;	  /* VFs made again show what they had before (netdevsim) */
};

/* Of that driver; never NULL. Any thread. */
const struct pf_caps *pf_caps_of(const char *driver);

/* pf_vf_neutral(), as that driver has it: the spoof check is what it is in a VF made anew. Where
 * that is off (mlx5_core), a VF without a MAC that has it on could send nothing at all. */
void pf_caps_neutral(const struct pf_caps *c, struct pf_vf *vf);

/* The attribute was refused as unknown (EOPNOTSUPP) by the driver: a copy that says so. */
struct pf_caps pf_caps_without(const struct pf_caps *c, enum pf_attr attr);

#endif
