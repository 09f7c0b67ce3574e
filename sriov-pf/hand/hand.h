/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving a VF away: is the host ready for it, and VFIO's descriptors.
 */
#ifndef SRIOV_PF_HAND_HAND_H
#define SRIOV_PF_HAND_HAND_H

#include "sriov-pf/hand/checks.h"

/* Makes all checks of checks.h and appends to findings (an array, or NULL) what each found:
 * {"check":"group","result":"refused","text":"...","cure":"..."}, result also "ok" and "warned",
 * cure only where there is one. It need not be bound to vfio-pci yet. sysfs: "/sys"; another tree:
 * VFIO is not tried, /proc and /dev are this host's. 0: nothing refused; the first refusal's errno,
 * with its text and cure in e. May wait for the disk and, for moments, opens the group. */
int pf_hand_check(const char *sysfs, const char *address, const struct pf_hand_guest *guest,
		  json_t *findings, struct err *e);
/* The same, looking elsewhere. */
int pf_hand_check_at(const struct pf_hand_host *host, const char *address,
		     const struct pf_hand_guest *guest, json_t *findings, struct err *e);

/* Opens the container and the group of a VF that is bound to vfio-pci, both close-on-exec and the
 * caller's, and has VFIO say that it takes them (which it then forgets: who gets them sets the
 * IOMMU anew). 0; the errors of pci_vfio_open(); -EPERM: no interrupt remapping. */
int pf_hand_open(const char *address, int *container, int *group_fd, unsigned int *group,
		 struct err *e);

/* Has somebody its group open? 1: yes; 0: no, or it is not VFIO's; negative errno. The group is
 * opened for a moment, so nobody else may open it meanwhile. */
int pf_hand_held(const char *address, struct err *e);

/* The member "memory" of a take, [[first,last],...]: the guest's memory. 0; -EINVAL: of another
 * form, or more than PF_HAND_RANGES_MAX. Absent (NULL): nothing is known. */
int pf_hand_guest_memory(struct pf_hand_guest *guest, const json_t *memory, struct err *e);

#endif
