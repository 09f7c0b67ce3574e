/* SPDX-License-Identifier: BSD-3-Clause */
/* The MTU plan of the switch as it is: bringing it about, and seeing who keeps to it. All: main. */
#ifndef VSWITCH_CTRL_MTU_H
#define VSWITCH_CTRL_MTU_H

#include "jumbo/plan.h"
#include "vswitch/ctrl/ctrl.h"

/* The plan, with what ties its elements to the model. */
struct ctrl_mtus {
	struct mtu_plan plan;
	int port[1 + FWD_BRIDGES_MAX + 3 * FWD_PORTS_MAX]; /* the element's port, or -1 */
	struct mtu_element elements[1 + FWD_BRIDGES_MAX + 3 * FWD_PORTS_MAX];
};

/* What is planned for each port, by its number; 0: there is none. */
struct ctrl_mtus_before {
	uint16_t port[FWD_PORTS_MAX];
};

/* Derives the plan from the model, and reads what everybody has: system calls that wait for
 * nobody. `coming`: a port that is not used yet, and is planned for all the same; or NULL.
 * NULL: out of memory. The caller frees it. */
struct ctrl_mtus *ctrl_mtus_read(struct ctrl *c, const struct ctrl_port *coming);

/* Can what the model declares hold? While a configuration is applied, which was checked as a
 * whole, any single step may. 0, or -EINVAL or -ENOMEM with e filled. `coming`: as above. */
int ctrl_mtu_holds(struct ctrl *c, const struct ctrl_port *coming, struct err *e);

/* A change of MTUs: note what is planned, change the model, bring it about. When the plan cannot
 * hold, or a port refuses, everybody has what he had, and the model is the caller's to restore. */
void ctrl_mtu_before(const struct ctrl *c, struct ctrl_mtus_before *before);
int ctrl_mtu_change(struct ctrl *c, const struct ctrl_mtus_before *before, struct err *e);

/* Undoes ctrl_mtu_change() while the model is still the new one. */
void ctrl_mtu_undo(struct ctrl *c, const struct ctrl_mtus_before *before);

#endif
