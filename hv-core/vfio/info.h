/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What VFIO's answers say: the chain of capabilities behind a GET_INFO structure, and whether guest
 * memory fits what the IOMMU maps. Pure.
 */
#ifndef HV_CORE_VFIO_INFO_H
#define HV_CORE_VFIO_INFO_H

#include "base/err.h"
#include "hv-core/machine/mem.h"

#include <stddef.h>
#include <stdint.h>

/* The capability with that id, with at least `least` bytes there, in an answer of `bytes` whose
 * chain begins at `first`; NULL when it has none. *left: the bytes from it to the end of the
 * answer. Any thread. */
const void *hv_vfio_info_cap(const void *info, size_t bytes, uint32_t first, uint16_t id,
			     size_t least, size_t *left);

struct hv_vfio_iova {
	uint64_t first, last; /* both included */
};
/* Does each region lie within one of the ranges? 0, or -ERANGE: names the first that does not, and
 * what is mapped. Any thread. */
int hv_vfio_iova_check(const struct hv_vfio_iova *range, unsigned int n,
		       const struct hv_mem_region *region, unsigned int regions, struct err *e);

#endif
