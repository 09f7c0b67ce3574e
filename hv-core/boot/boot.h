/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests come in here: a kernel's image goes into memory with all that it wants to find, and
 * processor 0 is set to its first instruction. No firmware runs.
 *
 * The machine was just made (its memory is all zero, and the parts of an image that are zero are
 * not written), its devices are in place, its vCPUs have not run.
 */
#ifndef HV_CORE_BOOT_BOOT_H
#define HV_CORE_BOOT_BOOT_H

#include "hv-core/machine/vm.h"

#include <stddef.h>
#include <stdint.h>

/* A file's content, read-only. It may be anything: every offset in it is checked. */
struct hv_boot_image {
	const uint8_t *p;
	size_t len;
};

/* Linux, as a bzImage (64-bit entry) or as an ELF with a PVH entry: its content says which.
 * initrd: NULL or empty for none. 0; -EINVAL: what the image or the command line lacks, -ENOSPC:
 * how much memory the guest would need. Main thread. */
int hv_boot_linux(struct hv_vm *vm, const struct hv_boot_image *kernel,
		  const struct hv_boot_image *initrd, const char *cmdline, struct err *e);

/* A program without a kernel; what it finds is in native.h. tsc_khz: 0 when not known. Errors as
 * hv_boot_linux(). Main thread. */
int hv_boot_native(struct hv_vm *vm, const struct hv_boot_image *image, const char *cmdline,
		   uint64_t tsc_khz, struct err *e);

#endif
