/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What RTM_NEWLINK tells of an interface and of the VFs behind it.
 *
 * The kernel has no way to ask for some of the VFs, and puts all of them into one attribute,
 * IFLA_VFINFO_LIST, whose length has 16 bits. A VF takes 196 bytes without its counters (which
 * RTEXT_FILTER_SKIP_STATS leaves out) and 296 with them. So from the 335th VF on (the 222nd with
 * counters) the length is what is left modulo 65536, and whoever believes it sees a few VFs and
 * then nonsense. The list itself is whole: the message is made as long as it needs, and only this
 * one length is wrong. The parser therefore follows the VFs, each of which has a right length of
 * its own, to where they end, and takes the list when its length modulo 65536 is the one that is
 * written. All VFs that PFs have today (4096 at most here) are read in this way.
 *
 * What stays is a driver that does not answer for a VF, and a kernel that refuses such a list
 * (EMSGSIZE). Then `told` is less than `num_vf`, and VFs that were not told have known == 0.
 */
#ifndef SRIOV_PF_SYS_VFINFO_H
#define SRIOV_PF_SYS_VFINFO_H

#include "sriov-pf/model/state.h"

struct pf_ifinfo {
	unsigned int ifindex, mtu;
	bool up;
	char ifname[PF_IFNAME];
	char parent[32];     /* IFLA_PARENT_DEV_NAME, "0000:01:00.0"; "": not told (before 5.14) */
	bool counted;	     /* it told IFLA_NUM_VF */
	unsigned int num_vf; /* IFLA_NUM_VF */
	unsigned int told;   /* of how many of them the list tells */
	bool wrapped;	     /* the list's own length did not fit into its attribute */
	struct pf_vf *vf;    /* num_vf of them, without addresses and drivers */
};

/* One message (struct nlmsghdr first). What the driver did not say (-1) is not in vf[].known. 0;
 * -EBADMSG: this is no such message or makes no sense; -ENOMEM. On success the caller calls
 * pf_ifinfo_clear(). Pure; any thread. */
int pf_ifinfo_parse(const void *msg, size_t len, struct pf_ifinfo *info);
void pf_ifinfo_clear(struct pf_ifinfo *info);

#endif
