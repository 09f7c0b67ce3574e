/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests only: puts machine code into a guest and enters it in long mode at CPL 3, which runs
 * at full speed on any KVM. All of the first 1 GB is mapped, I/O is allowed, nothing is handled: an
 * exception ends the guest.
 */
#ifndef HV_CORE_MACHINE_TEST_CODE_H
#define HV_CORE_MACHINE_TEST_CODE_H

#include "hv-core/machine/vcpu.h"
#include "hv-core/machine/vm.h"

#include <string.h>

#define CODE_AT 0x100000ull

static inline struct kvm_segment code_segment(uint8_t type, uint16_t selector, bool code)
{
	return (struct kvm_segment){.limit = 0xffffffff,
				    .selector = selector,
				    .type = type,
				    .present = 1,
				    .dpl = 3,
				    .db = !code,
				    .s = 1,
				    .l = code,
				    .g = 1};
}

/* 0 or negative errno. */
static inline int code_load(struct hv_vm *vm, const void *code, size_t len, struct err *e)
{
	struct hv_start s = {0};
	uint64_t tables[3] = {HV_BOOT_TABLES + 0x1000 + 7, HV_BOOT_TABLES + 0x2000 + 7, 0};

	hv_mem_write(&vm->mem, HV_BOOT_TABLES, &tables[0], 8);
	hv_mem_write(&vm->mem, HV_BOOT_TABLES + 0x1000, &tables[1], 8);
	for (uint64_t i = 0; i < 512; i++) {
		uint64_t page = i << 21 | 0xe7; /* present, writable, user, accessed, dirty, 2 MB */

		hv_mem_write(&vm->mem, HV_BOOT_TABLES + 0x2000 + 8 * i, &page, 8);
	}
	if (hv_mem_write(&vm->mem, CODE_AT, code, len))
		return -EFAULT;
	s.sregs.cs = code_segment(11, 0x33, true);
	s.sregs.ds = s.sregs.es = s.sregs.fs = s.sregs.gs = s.sregs.ss =
		code_segment(3, 0x2b, false);
	s.sregs.cr0 = 0x80050033;
	s.sregs.cr4 = 0x620;
	s.sregs.cr3 = HV_BOOT_TABLES;
	s.sregs.efer = 0x500;
	s.regs.rip = CODE_AT;
	s.regs.rsp = CODE_AT;
	s.regs.rflags = 0x3002;
	return hv_vcpu_start_at(vm, &s, e);
}

#endif
