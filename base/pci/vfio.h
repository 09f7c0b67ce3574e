/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening what VFIO has of a function: the container and the group (type 1). This needs the right
 * to open /dev/vfio; who uses the descriptors needs none. All are close-on-exec. Any thread.
 */
#ifndef BASE_PCI_VFIO_H
#define BASE_PCI_VFIO_H

#include "base/err.h"

/* -1: not open. */
struct pci_vfio {
	int container; /* /dev/vfio/vfio */
	int group;     /* /dev/vfio/N: the kernel opens it once */
};

/* A new container, or negative errno with the cure; -ENOTSUP: the kernel has only iommufd. */
int pci_vfio_container(struct err *e);

/* The group's descriptor, or negative errno with the cure; -EBUSY: somebody has it open. */
int pci_vfio_group(unsigned int group, struct err *e);

/* Checks the host (pci_host_check) and opens what of fds is -1. 0 and the group's number; or the
 * errors of these, and then fds is unchanged. */
int pci_vfio_open(const char *address, struct pci_vfio *fds, unsigned int *group, struct err *e);

#endif
