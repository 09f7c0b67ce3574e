/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest is told of its memory, by whatever way it boots: the entries of an E820 map (ACPI
 * 15, "System Address Map Interfaces"), and where there is room for what it is handed. */
#ifndef HV_CORE_BOOT_MEMMAP_H
#define HV_CORE_BOOT_MEMMAP_H

#include "hv-core/machine/layout.h"
#include "hv-core/machine/mem.h"

/* Low RAM in two pieces, the regions, the tables and the configuration space. */
#define HV_MEMMAP_MAX (HV_MEM_REGIONS + 4)

#define HV_LOW_RAM_END 0xa0000ull /* of the first piece; from there to 1 MB a PC has its BIOS */

enum { HV_E820_RAM = 1, HV_E820_RESERVED = 2 };

struct hv_memmap_entry {
	uint64_t at, bytes;
	uint32_t type;
};

/* Returns how many; in order of their addresses. Any thread. */
unsigned int hv_memmap(const struct hv_mem *mem, struct hv_memmap_entry map[HV_MEMMAP_MAX]);

/* Where RAM that begins at 0 ends. */
uint64_t hv_memmap_low_end(const struct hv_mem *mem);

/* The highest place for that many bytes, page-aligned, in RAM below 4 GB: not below `floor`, its
 * last byte not above `max`. Or, with `high`, in RAM above when there is none. 0: there is none.
 * Any thread. */
uint64_t hv_memmap_place(const struct hv_mem *mem, uint64_t bytes, uint64_t floor, uint64_t max,
			 bool high);

#endif
