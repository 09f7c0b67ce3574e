/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of leases, written down before a change of it counts. */
#ifndef SRIOV_PF_CTRL_LEASES_H
#define SRIOV_PF_CTRL_LEASES_H

#include "sriov-pf/ctrl/ctrl.h"

/* At start. A damaged file is an error: who holds what would be forgotten. */
int leases_load(struct ctrl *c, struct err *e);
int leases_save(struct ctrl *c, struct err *e);

/* -EAGAIN while a configuration's plan for this PF is being carried out: a guest that was made to
 * let go of a VF must not have it again before that. Other PFs' VFs are given away meanwhile. */
int leases_wait(const struct pf_entry *p, struct err *e);

/* As lease_add(), and written down; also fails as leases_wait() does. */
struct lease *leases_add(struct ctrl *c, const struct pf_entry *p, unsigned int vf,
			 enum lease_state state, const char *guest, struct err *e);
/* As lease_move(), and written down; what could not be written did not happen. */
int leases_move(struct ctrl *c, struct lease *l, enum lease_state to, const char *why,
		struct err *e);
/* The VF is free, and so is what l->run points to. One that cannot be written down is made neutral
 * once more at the next start. */
void leases_drop(struct ctrl *c, struct lease *l);

#endif
