/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the host must have done before a function can be given to a guest, read from sysfs. Each
 * thing that is missing is named together with the command that mends it. Nothing is changed.
 *
 * sysfs: "/sys". All: any thread; before a sandbox that hides it.
 */
#ifndef BASE_PCI_HOST_H
#define BASE_PCI_HOST_H

#include "base/err.h"

#include <stdbool.h>

#define PCI_ADDRESS 13 /* bytes of an address, with its NUL */

/* "0000:01:10.0": domain, bus, device, function, lower-case hexadecimal. */
bool pci_address_ok(const char *address);

/* The function's IOMMU group. 0; -EINVAL: no address; -ENODEV: no such function, or no IOMMU. */
int pci_group_of(const char *sysfs, const char *address, unsigned int *group, struct err *e);

/* Is it bound to vfio-pci, or to one made for a family of devices? 0; -EBUSY. */
int pci_driver_check(const char *sysfs, const char *address, struct err *e);

/* Does the host use nobody of the group? except: one that is not looked at, as it is to be bound to
 * another driver; NULL: none. 0; -EBUSY: names all it uses with their drivers; -ENODEV: no such
 * group. */
int pci_group_check(const char *sysfs, unsigned int group, const char *except, struct err *e);

/* The three together. 0 and the group's number, or the first one's error. */
int pci_host_check(const char *sysfs, const char *address, unsigned int *group, struct err *e);

#endif
