/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine needs of a host: to be told how a PF is, and one step carried out. Two have it:
 * Linux (sys/) and one in memory for tests (fake/). All calls may block for as long as a driver
 * does, so they are made in a process of their own (ctrl/agent.c), never in the one that answers.
 */
#ifndef SRIOV_PF_ENGINE_BACKEND_H
#define SRIOV_PF_ENGINE_BACKEND_H

#include "sriov-pf/model/plan.h"
#include "sriov-pf/model/state.h"

struct pf_backend {
	/* How the PF is now. On success s->vf is the caller's (pf_state_clear). 0; -ENODEV: gone;
	 * -EIO: the kernel's answer makes no sense or is cut short; others with e filled. */
	int (*read)(void *ctx, const char *address, struct pf_state *s, struct err *e);
	/* One step, without reading back. e names the attribute, the driver, the kernel's own words
	 * (extack) and the cure. 0 or negative errno; then nothing of the step was done, except
	 * that PF_STEP_VF_BIND may have set driver_override. */
	int (*step)(void *ctx, const char *address, const struct pf_step *s, struct err *e);
	/* The addresses of all functions with SR-IOV: a JSON array of strings, a new reference. */
	json_t *(*list)(void *ctx, struct err *e);
	void *ctx;
};

#endif
