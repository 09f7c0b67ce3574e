/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/memmap.h"

#define PAGE_MASK 0xfffull

uint64_t hv_memmap_low_end(const struct hv_mem *mem)
{
	return mem->n && mem->region[0].gpa == 0 ? mem->region[0].bytes : 0;
}

unsigned int hv_memmap(const struct hv_mem *mem, struct hv_memmap_entry map[HV_MEMMAP_MAX])
{
	uint64_t low_end = hv_memmap_low_end(mem);
	unsigned int n = 0, i = 1;

	map[n++] = (struct hv_memmap_entry){0, HV_LOW_RAM_END, HV_E820_RAM};
	map[n++] = (struct hv_memmap_entry){HV_BOOT_ACPI, HV_BOOT_ACPI_SIZE, HV_E820_RESERVED};
	map[n++] = (struct hv_memmap_entry){HV_BOOT_KERNEL, low_end - HV_BOOT_KERNEL, HV_E820_RAM};
	/* Regions are in order of their addresses, the configuration space below the high ones. */
	map[n++] = (struct hv_memmap_entry){HV_ECAM, HV_ECAM_SIZE, HV_E820_RESERVED};
	for (; i < mem->n; i++)
		map[n++] = (struct hv_memmap_entry){mem->region[i].gpa, mem->region[i].bytes,
						    HV_E820_RAM};
	return n;
}

uint64_t hv_memmap_place(const struct hv_mem *mem, uint64_t bytes, uint64_t floor, uint64_t max,
			 bool high)
{
	uint64_t end = hv_memmap_low_end(mem);

	if (max < end)
		end = max + 1;
	if (bytes <= end) {
		uint64_t at = (end - bytes) & ~PAGE_MASK;

		if (at >= floor && at >= HV_BOOT_KERNEL)
			return at;
	}
	for (unsigned int i = mem->n; high && i-- > 0;) {
		const struct hv_mem_region *r = &mem->region[i];

		if (r->gpa >= HV_HIGH && r->bytes >= bytes)
			return (r->gpa + r->bytes - bytes) & ~PAGE_MASK;
	}
	return 0;
}
