/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The BARs of an assigned function, and which parts of them the guest may reach without us: those
 * the kernel lets us map, less the pages that hold the MSI-X table and pending bits. Pure.
 */
#ifndef HV_CORE_VFIO_BARS_H
#define HV_CORE_VFIO_BARS_H

#include "base/err.h"
#include "hv-core/pci/pci.h"

#include <stdint.h>

struct hv_vfio_bar {
	enum hv_pci_bar_kind kind;
	uint64_t bytes;
};
/* config: the device's first 64 bytes; bytes: the size of each of VFIO's six regions, 0: not there.
 * 0; -EINVAL: a size that is no power of two, or 64 bits wide without a second half. Any thread. */
int hv_vfio_bars(const uint8_t *config, const uint64_t bytes[HV_PCI_BARS],
		 struct hv_vfio_bar bar[HV_PCI_BARS], struct err *e);

struct hv_vfio_area {
	uint64_t off, bytes; /* within the region; off + bytes does not wrap */
};
/* The whole pages of a region that are within one of `sparse` and touch none of `cut`, as areas in
 * ascending order that do not overlap. Returns how many, at most max: what is beyond is left to
 * the slow path. page: of the host, a power of two. Any thread. */
unsigned int hv_vfio_areas(uint64_t bytes, const struct hv_vfio_area *sparse, unsigned int n_sparse,
			   const struct hv_vfio_area *cut, unsigned int n_cut, uint64_t page,
			   struct hv_vfio_area *out, unsigned int max);

#endif
