/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving a VF to a driver and taking it from one. All block as long as drivers do: a driver lets go
 * of a VF when its holder does.
 */
#ifndef SRIOV_PF_SYS_BIND_H
#define SRIOV_PF_SYS_BIND_H

#include "sriov-pf/model/state.h"

/* From whatever driver it has; 0 also when it has none. */
int pf_unbind(const char *sysfs, const char *address, struct err *e);

/* "" removes it. The driver bound now stays. */
int pf_override(const char *sysfs, const char *address, const char *driver, struct err *e);

/* Sets driver_override and lets the kernel look for a driver; loads the one that is named when it
 * is not there. -EBUSY: it has another driver already; -ENODEV: no driver took it. */
int pf_bind(const char *sysfs, const char *address, const char *driver, struct err *e);

#endif
