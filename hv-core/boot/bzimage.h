/* SPDX-License-Identifier: BSD-3-Clause */
/* A Linux kernel as a bzImage: what its setup header says (Documentation/arch/x86/boot.rst, "The
 * Real-Mode Kernel Header"). A pure parser: any thread. */
#ifndef HV_CORE_BOOT_BZIMAGE_H
#define HV_CORE_BOOT_BZIMAGE_H

#include "hv-core/boot/boot.h"

#include <asm/bootparam.h>
#include <stdbool.h>

struct hv_bzimage {
	struct setup_header header; /* zeros where the image's is shorter */
	const uint8_t *kernel;	    /* the protected-mode part, inside the image */
	size_t kernel_bytes;
	uint64_t load;	     /* where it goes */
	uint64_t init_bytes; /* how much room it needs from there, at least kernel_bytes */
	uint64_t entry;	     /* its 64-bit entry */
	uint64_t initrd_max; /* the highest address an initrd's last byte may have */
	bool high_initrd;    /* or anywhere above 4 GB */
	uint32_t cmdline_max;
};

/* Does it have a setup header's marks? */
bool hv_bzimage_is(const struct hv_boot_image *image);

/* 0; -EINVAL: it is cut short, or cannot be entered in 64-bit mode. */
int hv_bzimage_parse(const struct hv_boot_image *image, struct hv_bzimage *b, struct err *e);

#endif
