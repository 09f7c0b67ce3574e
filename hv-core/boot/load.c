/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/load.h"

#include "hv-core/boot/memmap.h"

#include <string.h>

#define MB (1ull << 20)

int hv_load_too_small(const struct hv_vm *vm, uint64_t need, struct err *e)
{
	return err_set(e, -ENOSPC,
		       "the guest has %llu MB of memory below 3 GB, and its image needs %llu MB "
		       "to begin: give it more, or a smaller image",
		       (unsigned long long)(hv_memmap_low_end(&vm->mem) / MB),
		       (unsigned long long)(need / MB + (need % MB != 0)));
}

int hv_load_cmdline(struct hv_vm *vm, const char *cmdline, uint32_t max, struct err *e)
{
	size_t len = strlen(cmdline);

	if (max > HV_CMDLINE_ROOM - 1)
		max = HV_CMDLINE_ROOM - 1;
	if (len > max)
		return err_set(e, -EINVAL,
			       "the command line has %zu characters, and this kernel takes %u: "
			       "shorten it",
			       len, max);
	return hv_mem_write(&vm->mem, HV_BOOT_CMDLINE, cmdline, len + 1);
}

int hv_load_elf(struct hv_vm *vm, const struct hv_elf *elf, struct err *e)
{
	if (elf->low < HV_BOOT_KERNEL)
		return err_set(e, -EINVAL,
			       "the image wants to be loaded at %#llx, and what is below 1 MB is "
			       "the machine's: link it at 1 MB or above",
			       (unsigned long long)elf->low);
	if (elf->high > hv_memmap_low_end(&vm->mem))
		return hv_load_too_small(vm, elf->high, e);
	for (unsigned int i = 0; i < elf->n; i++) {
		const struct hv_elf_segment *s = &elf->segment[i];

		if (hv_mem_write(&vm->mem, s->at, s->p, s->bytes) != 0)
			return hv_load_too_small(vm, elf->high, e);
	}
	return 0;
}

int hv_load_initrd(struct hv_vm *vm, const struct hv_boot_image *initrd, uint64_t floor,
		   uint64_t max, bool high, uint64_t *at, struct err *e)
{
	*at = hv_memmap_place(&vm->mem, initrd->len, floor, max, high);
	if (!*at)
		return err_set(e, -ENOSPC,
			       "the initrd has %llu MB, and there is no such gap between the "
			       "kernel's end at %llu MB and what the kernel can reach: give the "
			       "guest more memory, or a smaller initrd",
			       (unsigned long long)(initrd->len / MB + 1),
			       (unsigned long long)(floor / MB + 1));
	return hv_mem_write(&vm->mem, *at, initrd->p, initrd->len);
}
