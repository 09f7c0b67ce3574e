/* SPDX-License-Identifier: BSD-3-Clause */
/* What a PVH guest is handed: Xen's public/arch-x86/hvm/start_info.h, version 1. */
#ifndef HV_CORE_BOOT_PVH_H
#define HV_CORE_BOOT_PVH_H

#include <stdint.h>

#define HV_PVH_MAGIC 0x336ec578u

struct hv_pvh_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, cmdline, rsdp, memmap;
	uint32_t memmap_entries, reserved;
};
_Static_assert(sizeof(struct hv_pvh_info) == 56, "start_info is an ABI");

struct hv_pvh_module {
	uint64_t at, bytes, cmdline, reserved;
};
_Static_assert(sizeof(struct hv_pvh_module) == 32, "a module's entry is an ABI");

struct hv_pvh_memory {
	uint64_t at, bytes;
	uint32_t type, reserved;
};
_Static_assert(sizeof(struct hv_pvh_memory) == 24, "the memory map is an ABI");

#endif
