/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/reset_vector.h"

#include "hv-core/device/sleep.h"

#define RESET_PORT (HV_PORT_SLEEP + HV_SLEEP_RESET)

_Static_assert(HV_RESET_VECTOR + HV_RESET_VECTOR_BYTES == HV_BOOT_ACPI + HV_BOOT_ACPI_SIZE,
	       "the end of what is reserved for the tables");

int hv_reset_vector_write(struct hv_vm *vm, struct err *e)
{
	static const uint8_t code[] = {
		0xba,
		RESET_PORT & 0xff,
		RESET_PORT >> 8, /* mov dx, RESET_PORT */
		0xb0,
		HV_SLEEP_DO_RESET, /* mov al, HV_SLEEP_DO_RESET */
		0xee,		   /* out dx, al */
		0xf4,		   /* L: hlt */
		0xeb,
		0xfd, /* jmp L */
	};
	_Static_assert(sizeof(code) <= HV_RESET_VECTOR_BYTES, "ends at 1 MB");

	if (hv_mem_write(&vm->mem, HV_RESET_VECTOR, code, sizeof(code)) != 0)
		return err_set(e, -EFAULT, "the guest's memory has no room for the reset vector");
	return 0;
}
