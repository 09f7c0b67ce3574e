/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What to do about what the kernel refuses. Each fills e with a sentence: what was to be set where,
 * who refuses it, in the kernel's own words, and the cure; each returns code. Pure; any thread.
 */
#ifndef SRIOV_PF_SYS_CURE_H
#define SRIOV_PF_SYS_CURE_H

#include "sriov-pf/model/plan.h"
#include "sriov-pf/sys/ack.h"

/* A step that netlink refused. s: the PF, for its names. */
int pf_cure_netlink(const struct pf_state *s, const struct pf_step *step, const struct pf_ack *ack,
		    struct err *e);
/* One that a write to sysfs refused with that negative errno. */
int pf_cure_sysfs(const struct pf_state *s, const struct pf_step *step, int code, struct err *e);

#endif
