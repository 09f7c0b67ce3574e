/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the two halves of the backend, reading and setting; nobody else's. */
#ifndef SRIOV_PF_SYS_BACKEND_PRIV_H
#define SRIOV_PF_SYS_BACKEND_PRIV_H

#include "sriov-pf/sys/backend.h"
#include "sriov-pf/sys/devlink.h"
#include "sriov-pf/sys/rtnl.h"

struct pf_sys {
	char *sysfs;
	struct pf_nl route;
	struct pf_devlink devlink;
};

/* What rtnetlink tells of the PF that sysfs was read of, and that it is of that one. 0; -ENODEV: it
 * has no interface here; -EIO: it is another one's, or makes no sense. *info is the caller's. */
int pf_sys_ifinfo(struct pf_sys *sys, const struct pf_state *s, struct pf_ifinfo *info,
		  struct err *e);

/* pf_backend's step. */
int pf_sys_step(void *ctx, const char *address, const struct pf_step *step, struct err *e);

#endif
