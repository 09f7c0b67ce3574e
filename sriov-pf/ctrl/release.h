/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking a VF back from who has it, in good time or by force. Never waits. */
#ifndef SRIOV_PF_CTRL_RELEASE_H
#define SRIOV_PF_CTRL_RELEASE_H

#include "sriov-pf/ctrl/ctrl.h"
#include "sriov-pf/ctrl/quarantine.h"

/* told: once, when the VF is free (e NULL), maybe at once; -ETIMEDOUT: its holder did not let go
 * within timeout_s, and without force has it as before; the errors of quarantine_wait(). */
void release_begin(struct ctrl *c, struct lease *l, unsigned int timeout_s, bool force,
		   quarantine_told told, void *arg);

/* Forgets those under way, when the daemon ends. */
void release_clear(struct ctrl *c);

#endif
