/* SPDX-License-Identifier: BSD-3-Clause */
/* How the PFs were that are about to be changed together, on the disk until that is done. */
#ifndef SRIOV_PF_CTRL_INTENT_H
#define SRIOV_PF_CTRL_INTENT_H

#include "sriov-pf/ctrl/apply.h"

/* Writes it down, when there is anything to do. 0 or a negative errno with e. */
int intent_begin(struct apply *a, struct err *e);
/* That is done or undone; the file goes, unless a PF is still to be brought back. */
void intent_end(struct ctrl *c);
/* That PF cannot be brought back yet; it is when its agent is there again. */
void intent_keep(struct ctrl *c, const char *address, json_t *former);

/* At start: what a daemon that died left. 0 or a negative errno with e. */
int intent_load(struct ctrl *c, struct err *e);
/* The former state of a PF that is to be brought back, borrowed, or NULL. */
json_t *intent_of(const struct ctrl *c, const char *address);
/* It was, or another configuration was applied to it since. */
void intent_drop(struct ctrl *c, const char *address);

#endif
