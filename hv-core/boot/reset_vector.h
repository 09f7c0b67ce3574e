/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PC's BIOS begins with: the instruction at f000:fff0. Linux goes there, back in real mode,
 * to start anew when ACPI is hardware-reduced and there is no EFI (reboot_init() takes EFI for
 * granted then, and falls back to the BIOS). Ours writes to the reset register.
 */
#ifndef HV_CORE_BOOT_RESET_VECTOR_H
#define HV_CORE_BOOT_RESET_VECTOR_H

#include "hv-core/machine/vm.h"

#define HV_RESET_VECTOR	      0xffff0ull
#define HV_RESET_VECTOR_BYTES 16u

/* 0 or -EFAULT. Main thread. */
int hv_reset_vector_write(struct hv_vm *vm, struct err *e);

#endif
