/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way of a VF from one holder to the next: nobody has it open, it is neutral, what the
 * configuration says of it is set, it is free. What cannot be done yet is tried again; what fails
 * makes it unusable, and is tried again, too, with growing pauses.
 */
#ifndef SRIOV_PF_CTRL_QUARANTINE_H
#define SRIOV_PF_CTRL_QUARANTINE_H

#include "sriov-pf/ctrl/ctrl.h"

/* From whatever state: to quarantine, and on from there, at once if it waits. why: for the log. */
void quarantine_begin(struct ctrl *c, struct lease *l, const char *why);

/* Told once when that lease has ended (e NULL), or that it will not soon: -EBUSY, -ETIMEDOUT,
 * -EIO. */
typedef void (*quarantine_told)(void *arg, const struct err *e);
void quarantine_wait(struct ctrl *c, const struct lease *l, unsigned int timeout_s,
		     quarantine_told told, void *arg);

/* Tells those who wait for that lease. */
void quarantine_tell(struct ctrl *c, const struct lease *l, const struct err *e);
/* Forgets all who wait and all that is under way, when the daemon ends; agents are gone by then. */
void quarantine_clear(struct ctrl *c);

#endif
