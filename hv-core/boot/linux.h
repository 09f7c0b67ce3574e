/* SPDX-License-Identifier: BSD-3-Clause */
/* The two ways into Linux that hv_boot_linux() chooses from. The ACPI tables are there already;
 * initrd is not NULL. Errors as there. Main thread. */
#ifndef HV_CORE_BOOT_LINUX_H
#define HV_CORE_BOOT_LINUX_H

#include "hv-core/boot/boot.h"

int hv_boot_bzimage(struct hv_vm *vm, const struct hv_boot_image *kernel,
		    const struct hv_boot_image *initrd, const char *cmdline, struct err *e);
int hv_boot_pvh(struct hv_vm *vm, const struct hv_boot_image *kernel,
		const struct hv_boot_image *initrd, const char *cmdline, struct err *e);

#endif
