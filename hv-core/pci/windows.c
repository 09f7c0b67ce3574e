/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the guest's address space that BARs may be in. */
#include "hv-core/pci/pci.h"

#define GB (1ull << 30)

/* The wide one begins after all memory, ends where the processor's addresses do, and keeps clear of
 * the hole no IOMMU maps, so that devices may reach each other's BARs. */
void hv_pci_windows(const struct hv_vm *vm, struct hv_pci_windows *w)
{
	uint64_t base = HV_HIGH, end = vm->phys_bits < 64 ? 1ull << vm->phys_bits : UINT64_MAX;

	for (unsigned int i = 0; i < vm->mem.n; i++) {
		uint64_t ram_end = vm->mem.region[i].gpa + vm->mem.region[i].bytes;

		if (ram_end > base)
			base = ram_end;
	}
	base = (base + GB - 1) & ~(GB - 1);
	if (base < HV_HT_HOLE_END && end > HV_HT_HOLE) {
		if (base + HV_MMIO64_SIZE <= HV_HT_HOLE || end <= HV_HT_HOLE_END)
			end = HV_HT_HOLE;
		else
			base = HV_HT_HOLE_END;
	}
	w->mem32 = HV_MMIO32;
	w->mem32_bytes = HV_MMIO32_SIZE;
	w->mem64 = base;
	w->mem64_bytes = base >= end		       ? 0
			 : end - base < HV_MMIO64_SIZE ? end - base
						       : HV_MMIO64_SIZE;
}
