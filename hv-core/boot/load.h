/* SPDX-License-Identifier: BSD-3-Clause */
/* What all ways to boot share: images and command lines into guest memory. Main thread. */
#ifndef HV_CORE_BOOT_LOAD_H
#define HV_CORE_BOOT_LOAD_H

#include "hv-core/boot/boot.h"
#include "hv-core/boot/elf.h"

#define HV_CMDLINE_ROOM 0x10000u /* with its NUL, at HV_BOOT_CMDLINE */

/* -EINVAL: longer than max, its NUL not counted. */
int hv_load_cmdline(struct hv_vm *vm, const char *cmdline, uint32_t max, struct err *e);

/* -ENOSPC: a segment is outside the RAM from HV_BOOT_KERNEL to the hole. */
int hv_load_elf(struct hv_vm *vm, const struct hv_elf *elf, struct err *e);

/* Puts it as high as hv_memmap_place() allows; *at: where. -ENOSPC. */
int hv_load_initrd(struct hv_vm *vm, const struct hv_boot_image *initrd, uint64_t floor,
		   uint64_t max, bool high, uint64_t *at, struct err *e);

/* -ENOSPC: what a guest of that kind needs, in MB. */
int hv_load_too_small(const struct hv_vm *vm, uint64_t need, struct err *e);

#endif
