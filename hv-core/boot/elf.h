/* SPDX-License-Identifier: BSD-3-Clause */
/* An ELF executable for amd64 or i386, as far as loading it takes: its segments at physical
 * addresses, its entry, and the entry that a PVH note names. A pure parser: any thread. */
#ifndef HV_CORE_BOOT_ELF_H
#define HV_CORE_BOOT_ELF_H

#include "hv-core/boot/boot.h"

#include <stdbool.h>

#define HV_ELF_SEGMENTS 16

struct hv_elf_segment {
	const uint8_t *p; /* inside the image */
	uint64_t bytes;
	uint64_t at; /* physical address; what follows up to mem_bytes is zero */
	uint64_t virtual;
	uint64_t mem_bytes; /* at least bytes; at + mem_bytes does not wrap */
};

struct hv_elf {
	bool is64, executable; /* ET_EXEC: linked to the addresses it says */
	uint64_t entry;	       /* virtual */
	unsigned int n;
	struct hv_elf_segment segment[HV_ELF_SEGMENTS];
	uint64_t low, high; /* all segments are within low .. high */
	bool has_pvh;
	uint64_t pvh_entry; /* physical, XEN_ELFNOTE_PHYS32_ENTRY */
};

bool hv_elf_is(const struct hv_boot_image *image);

/* 0; -EINVAL with what is wrong with it. */
int hv_elf_parse(const struct hv_boot_image *image, struct hv_elf *elf, struct err *e);

#endif
