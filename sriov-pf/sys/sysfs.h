/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sysfs tells of physical functions. Nothing here reads sriov_numvfs of a PCI function: while
 * VFs are being removed that read waits as long as the removal does, which is for ever when the
 * holder of a VF does not let go of it. The virtfn links say the same and never wait. Reading a
 * VF's driver_override waits while that VF changes its driver.
 */
#ifndef SRIOV_PF_SYS_SYSFS_H
#define SRIOV_PF_SYS_SYSFS_H

#include "sriov-pf/model/state.h"

/* The bus that has a device of that name: "pci" for 0000:01:00.0, "netdevsim" for netdevsim0; NULL:
 * it is neither, and must not become part of a path. Any thread. */
const char *pf_sysfs_bus(const char *address);

/* Their addresses, a new reference. Any thread. */
json_t *pf_sysfs_list(const char *sysfs, struct err *e);

/* All of the state but what comes by netlink: ifindex and ifname are those of its interface in the
 * network namespace that the sysfs was mounted in ("" and 0: it has none there), numvfs and
 * vf[].address, driver, override those of its VFs. port: the number in phys_port_name ("p1"), else
 * dev_port, else the number of the PCI function, which for cards with a function a port is the
 * same. s->vf is the caller's on success. -ENODEV: it is gone, or no physical function; -EAGAIN:
 * its VFs are being made or removed just now. Any thread. */
int pf_sysfs_read(const char *sysfs, const char *address, struct pf_state *s, struct err *e);

/* The driver bound to a PCI function, "" for none. */
void pf_sysfs_driver(const char *sysfs, const char *address, char driver[PF_DRIVER]);

#endif
