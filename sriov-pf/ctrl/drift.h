/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody else changed of what was declared. */
#ifndef SRIOV_PF_CTRL_DRIFT_H
#define SRIOV_PF_CTRL_DRIFT_H

#include "sriov-pf/ctrl/ctrl.h"

/* Compares the PF with what is declared of it, says what is new in the log, and repairs it where
 * the configuration wants that and no guest would lose a VF. */
void drift_check(struct ctrl *c, struct pf_entry *p);

/* Applies what is declared of a PF that came, or came back. */
void drift_settle(struct ctrl *c, struct pf_entry *p);

/* Notes that the IOMMU stopped a VF; address: of the function that was stopped. */
void drift_fault(struct ctrl *c, const char *address, const char *what);

#endif
