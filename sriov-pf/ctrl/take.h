/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving a VF to the guest's process that asks for it, and being given it back. Main thread. */
#ifndef SRIOV_PF_CTRL_TAKE_H
#define SRIOV_PF_CTRL_TAKE_H

#include "sriov-pf/ctrl/ctrl.h"
#include "sriov-pf/ctrl/hand_msg.h"

/* Who asks: its answer comes once, later or at once. The descriptors are borrowed. 0, or why it
 * could not be sent: then nobody has the VF. */
typedef int (*take_answer)(void *arg, const json_t *answer, const int *fds, unsigned int n);

/* pidfd: of the process that asks, taken over. */
void take_begin(struct ctrl *c, const struct hand_msg *m, pid_t pid, int pidfd, take_answer answer,
		void *arg);

/* The answer to a give, a new reference. */
json_t *take_give(struct ctrl *c, const struct hand_msg *m, pid_t pid);

/* Somebody else gets the VF: who gave it back last has no more claim to it. */
void take_forget(struct ctrl *c, const char *pf, unsigned int vf);

#endif
