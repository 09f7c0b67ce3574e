/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration wants of PFs and VFs: its members "pfs" and "vfs", whose keys are those
 * of api/tables_pf.c.
 */
#ifndef SRIOV_PF_MODEL_WANT_H
#define SRIOV_PF_MODEL_WANT_H

#include "sriov-pf/model/plan.h"

/* One want a PF, in the order of "pfs"; its vf has numvfs entries, or, when numvfs is left open, as
 * many as the highest index needs. config has passed the schema; what no single key can tell is
 * refused here: a VF of no PF or beyond numvfs, two of one index, a tag's priority or kind without
 * a vlan, a least rate above the highest, a PF that is not named in one way.
 * 0, *wants is the caller's (pf_wants_free), NULL when there are none; -EINVAL, -ENOENT, -EEXIST
 * with e->path ("/vfs/3/vlan"), -ENOMEM; then there is nothing to free. Any thread. */
int pf_wants_parse(const json_t *config, struct pf_want **wants, unsigned int *n, struct err *e);
void pf_wants_free(struct pf_want *wants, unsigned int n);

/* Is that the PF that is meant? */
bool pf_select_fits(const struct pf_select *select, const struct pf_state *s);

#endif
