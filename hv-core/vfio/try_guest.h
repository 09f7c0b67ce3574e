/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests only: a guest that reads and writes at the addresses it is told, so that a test sees a
 * device as a guest's driver does. It runs in long mode at CPL 3 with 4 GB mapped one to one.
 */
#ifndef HV_CORE_VFIO_TRY_GUEST_H
#define HV_CORE_VFIO_TRY_GUEST_H

#include "hv-core/machine/test_code.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAIL 0x200000ull /* 0: what to do, 1 read, 2 write; 8: the address; 16: the value */

/* l: mov eax, [MAIL]; test eax, eax; jz l; mov rbx, [MAIL + 8]; cmp eax, 1; je r;
 *    mov ecx, [MAIL + 16]; mov [rbx], ecx; jmp d
 * r: mov ecx, [rbx]; mov [MAIL + 16], ecx
 * d: mov dword [MAIL], 0; jmp l */
static const uint8_t guest_code[] = {
	0x8b, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00, 0x85, 0xc0, 0x74, 0xf5, 0x48, 0x8b, 0x1c, 0x25,
	0x08, 0x00, 0x20, 0x00, 0x83, 0xf8, 0x01, 0x74, 0x0b, 0x8b, 0x0c, 0x25, 0x10, 0x00, 0x20,
	0x00, 0x89, 0x0b, 0xeb, 0x09, 0x8b, 0x0b, 0x89, 0x0c, 0x25, 0x10, 0x00, 0x20, 0x00, 0xc7,
	0x04, 0x25, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0xeb, 0xc7};

/* Starts it; the vCPU runs from then on. 0 or negative errno. */
static inline int guest_start(struct hv_vm *vm, struct err *e)
{
	int rc = code_load(vm, guest_code, sizeof(guest_code), e);

	/* code_load maps 1 GB by one table; three more follow. */
	for (uint64_t gb = 1; gb < 4 && rc == 0; gb++) {
		uint64_t table = HV_BOOT_TABLES + 0x2000 + 0x1000 * gb, entry = table + 7;

		hv_mem_write(&vm->mem, HV_BOOT_TABLES + 0x1000 + 8 * gb, &entry, 8);
		for (uint64_t i = 0; i < 512; i++) {
			uint64_t page = gb << 30 | i << 21 | 0xe7;

			hv_mem_write(&vm->mem, table + 8 * i, &page, 8);
		}
	}
	if (rc == 0)
		rc = hv_vm_start(vm, NULL, NULL, e);
	if (rc == 0)
		hv_vm_run(vm);
	return rc;
}

/* Waits for the guest as long as it takes: whoever runs the test has a time limit. */
static inline uint32_t guest_do(struct hv_vm *vm, uint32_t what, uint64_t at, uint32_t value)
{
	const struct timespec nap = {0, 20000};
	_Atomic uint32_t *mail = hv_mem_at(&vm->mem, MAIL, 24);

	memcpy((char *)mail + 8, &at, sizeof(at));
	mail[4] = value;
	mail[0] = what;
	while (mail[0]) {
		if (atomic_load(&vm->end)) {
			printf("Bail out! the guest ended: %s\n", vm->why);
			exit(1);
		}
		nanosleep(&nap, NULL);
	}
	return mail[4];
}

static inline uint32_t peek(struct hv_vm *vm, uint64_t at)
{
	return guest_do(vm, 1, at, 0);
}

static inline void poke(struct hv_vm *vm, uint64_t at, uint32_t value)
{
	guest_do(vm, 2, at, value);
}

#endif
