/* SPDX-License-Identifier: BSD-3-Clause */
/* The IOMMU behind a container: its address space is the guest's physical one. Main thread. */
#ifndef HV_CORE_VFIO_IOMMU_H
#define HV_CORE_VFIO_IOMMU_H

#include "base/err.h"
#include "hv-core/machine/mem.h"

/* Does the kernel speak type 1, version 2? 0 or -ENOTSUP. */
int hv_vfio_iommu_check(int container, struct err *e);
/* After the first group was added. -EPERM: no interrupt remapping. */
int hv_vfio_iommu_set(int container, struct err *e);
/* All guest memory, and nothing else, at its guest physical address; it is locked in RAM. -ERANGE:
 * some of it lies where the IOMMU maps nothing; -ENOMEM: RLIMIT_MEMLOCK. On error nothing is
 * mapped. */
int hv_vfio_iommu_map(int container, const struct hv_mem *mem, struct err *e);
void hv_vfio_iommu_unmap(int container, const struct hv_mem *mem);

#endif
