/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The backend for Linux (engine/backend.h): rtnetlink, devlink and sysfs.
 *
 * A VF's address and rates are set through IFLA_VF_MAC and IFLA_VF_RATE, and where the card is in
 * switchdev mode and its port for the VF has them, through devlink (port function, rate leaf).
 *
 * VFs of which the kernel does not tell (vfinfo.h says when) are read with known == 0 but for their
 * driver, and a step that sets one of their attributes is refused with -EIO, since it could not be
 * read back.
 *
 * A PF without an interface (no driver, or the interface is in another network namespace) is read
 * with ifname "" and VFs of which only drivers are known; steps that need the interface are refused
 * with -ENODEV.
 *
 * VFs of netdevsim are numbers only: unbinding and resetting them does nothing, they take no
 * driver, and autoprobe is off for ever.
 */
#ifndef SRIOV_PF_SYS_BACKEND_H
#define SRIOV_PF_SYS_BACKEND_H

#include "sriov-pf/engine/backend.h"

struct pf_sys;

/* sysfs: "/sys", or a folder that looks like it. NULL: e says why (no netlink). To be used by one
 * process and thread, which is one that may block. */
struct pf_sys *pf_sys_new(const char *sysfs, struct err *e);
/* NULL is fine. */
void pf_sys_free(struct pf_sys *sys);
/* Good as long as sys is. */
struct pf_backend pf_sys_backend(struct pf_sys *sys);

#endif
