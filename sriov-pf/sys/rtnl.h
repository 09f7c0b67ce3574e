/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink: reading an interface with its VFs, and setting one attribute of one VF with one
 * message. The kernel carries a message's attributes out one by one and stops at the first it
 * refuses, so a message with several would leave some of them set.
 */
#ifndef SRIOV_PF_SYS_RTNL_H
#define SRIOV_PF_SYS_RTNL_H

#include "sriov-pf/sys/talk.h"
#include "sriov-pf/sys/vfinfo.h"

/* Messages, made in a buffer of PF_NL_REQUEST bytes. Pure; any thread. */
struct nlmsghdr *pf_rtnl_get(void *buf, unsigned int ifindex, bool vfs);
struct nlmsghdr *pf_rtnl_mtu(void *buf, unsigned int ifindex, unsigned int mtu);
/* attr: any but PF_VF_DRIVER; of `value` only that one counts. */
struct nlmsghdr *pf_rtnl_vf(void *buf, unsigned int ifindex, unsigned int vf, enum pf_attr attr,
			    const struct pf_vf *value);

/* An interface with its VFs; *info is the caller's on success. Where the kernel says that the VFs
 * do not fit into a message (EMSGSIZE), info has neither their number nor any of them. 0; the
 * kernel's errno; -EBADMSG: its answer makes no sense. */
int pf_rtnl_read(struct pf_nl *nl, unsigned int ifindex, struct pf_ifinfo *info,
		 struct pf_ack *ack);

#endif
