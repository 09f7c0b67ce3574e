/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The states a processor can begin in, and the descriptor and page tables they need in memory.
 *
 *	HV_START_LONG	64-bit mode, level 0 (boot.rst, "64-bit Boot Protocol")
 *	HV_START_32	32-bit protected mode, paging off (PVH)
 *	HV_START_NATIVE	64-bit mode, level 3 with IOPL 3 (native.h)
 */
#ifndef HV_CORE_BOOT_START_H
#define HV_CORE_BOOT_START_H

#include "hv-core/machine/vcpu.h"
#include "hv-core/machine/vm.h"

enum hv_start_mode { HV_START_LONG, HV_START_32, HV_START_NATIVE };

/* How much of the window for 64-bit BARs native guests have mapped, at most. */
#define HV_START_MEM64 (8ull << 30)

/* Fills s, all but rip and the registers that carry arguments, and writes the tables to the guest's
 * memory: addresses below 4 GB are mapped to themselves (not in HV_START_32), and for native guests
 * `window` .. `window` + `window_bytes`, at most HV_START_MEM64, as well. 0 or -EFAULT. Main
 * thread. */
int hv_start_prepare(struct hv_vm *vm, enum hv_start_mode mode, uint64_t window,
		     uint64_t window_bytes, struct hv_start *s, struct err *e);

#endif
