/* SPDX-License-Identifier: BSD-3-Clause */
/* What applying a configuration would do, from what was last told, and who would lose what. */
#ifndef SRIOV_PF_CTRL_PLANNING_H
#define SRIOV_PF_CTRL_PLANNING_H

#include "sriov-pf/ctrl/ctrl.h"

struct planning {
	json_t *effective; /* what its agent is to apply */
	struct pf_plan plan;
};

/* part: a PF and its VFs, as config_of_pf() has them. 0; a refusal by name with e->path in part; on
 * success and on error planning_clear() it. */
int planning_make(const struct ctrl *c, const struct pf_entry *p, const json_t *part,
		  struct planning *g, struct err *e);
void planning_clear(struct planning *g);

/* Adds what the plan takes from whom: {"guest", "vf": "wan/3", "why"}. */
void planning_blast(const struct ctrl *c, const struct pf_entry *p, const struct pf_plan *plan,
		    json_t *blast);
/* Has that step of the lease's PF its VF away? NULL: no; else why. */
const char *planning_takes(const struct pf_step *s, const struct lease *l);

/* Adds the plan as changes: {"verb", "object", "name", "params", "note"}. */
void planning_changes(const struct pf_entry *p, const char *name, const struct pf_plan *plan,
		      json_t *changes);

/* The plan as drift: {"what", "is", "want"}; a new reference. */
json_t *planning_drift(const struct pf_entry *p, const struct pf_plan *plan);

#endif
