/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations as JSON: {"pfs": [..], "vfs": [..]}, keys as in api/tables_pf.c, which
 * pf_wants_parse() has checked. Pure but for what they read of an entry. New references; NULL: no
 * memory, or as said. Main thread.
 */
#ifndef SRIOV_PF_CTRL_CONFIG_H
#define SRIOV_PF_CTRL_CONFIG_H

#include "sriov-pf/ctrl/ctrl.h"

/* The part of one PF: itself and its VFs. */
json_t *config_of_pf(const json_t *config, const json_t *pf);
/* What is declared of one VF; NULL: nothing that could be set. */
json_t *config_of_vf(const struct pf_entry *p, unsigned int vf);
/* That VF with that driver, and nothing else. */
json_t *config_bind(const struct pf_entry *p, unsigned int vf, const char *driver);

/* What an agent is to make of a PF's part: what was declared before and is not now becomes neutral,
 * and the driver of a VF that somebody has stays as it is, and so does a VF in quarantine. Which PF
 * is meant is said by address. */
json_t *config_effective(const struct ctrl *c, const struct pf_entry *p, const json_t *part);

/* A copy of the whole with some keys of one VF changed; it, and its PF, are added when missing. */
json_t *config_with_vf(const struct ctrl *c, const struct pf_entry *p, const json_t *vf);

/* Only the lists of PFs and VFs, empty ones when absent. */
json_t *config_only(const json_t *config);

/* The one guest that may have it, or "". */
const char *config_owner(const struct pf_entry *p, unsigned int vf);

#endif
