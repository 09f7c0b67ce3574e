/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the host must have done before a function can be given to a guest, read from sysfs. Each
 * thing that is missing is named together with the command that mends it.
 */
#ifndef HV_CORE_VFIO_HOST_H
#define HV_CORE_VFIO_HOST_H

#include "base/err.h"

#include <stdbool.h>

/* "0000:01:10.0": domain, bus, device, function, lower-case hexadecimal. Any thread. */
bool hv_vfio_address_ok(const char *address);

/* Is the function there, behind an IOMMU, bound to vfio-pci, and nobody else of its IOMMU group in
 * use by the host? sysfs: "/sys". 0 and the group's number; -EINVAL: no address; -ENODEV: no such
 * function, or no IOMMU; -EBUSY: the driver, or the group. Any thread, before the sandbox. */
int hv_vfio_host_check(const char *sysfs, const char *address, unsigned int *group, struct err *e);

#endif
