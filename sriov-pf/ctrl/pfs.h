/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of PFs: which there are, how each was when its agent last told, and what that means. */
#ifndef SRIOV_PF_CTRL_PFS_H
#define SRIOV_PF_CTRL_PFS_H

#include "sriov-pf/ctrl/ctrl.h"

/* NULL: there is none. */
struct pf_entry *pfs_by_address(const struct ctrl *c, const char *address);
struct pf_entry *pfs_by_name(const struct ctrl *c, const char *name);
/* The PF of a VF's address, and its index. */
struct pf_entry *pfs_by_vf(const struct ctrl *c, const char *address, unsigned int *vf);

/* Its name, for the log; the address when there is no such PF. */
const char *pfs_name_of(const struct ctrl *c, const char *address);

/* What a request names, when it is there and its agent has told of it. NULL with e: -ENOENT, which
 * there are, -ENODEV, -EAGAIN. */
struct pf_entry *pfs_get(const struct ctrl *c, const json_t *params, struct err *e);
/* The VF, too. */
struct pf_entry *pfs_get_vf(const struct ctrl *c, const json_t *params, unsigned int *vf,
			    struct err *e);

/* Asks which PFs there are; new ones get an agent, and what is declared of them is applied. */
void pfs_list(struct ctrl *c);
/* Names the entries as the configuration does, and gives each its part of that. */
void pfs_name(struct ctrl *c);
/* The entry that a PF of a configuration means; NULL with e: none, or several. */
struct pf_entry *pfs_select(const struct ctrl *c, const json_t *pf, struct err *e);

/* Have all been heard of, as far as they can be? */
bool pfs_settled(const struct ctrl *c);
/* Reads it again, soon. */
void pfs_look(struct pf_entry *p);
void pfs_clear(struct ctrl *c);

#endif
