/* SPDX-License-Identifier: BSD-3-Clause */
/* ELF kernels by their PVH entry: Xen's docs/misc/pvh.pandoc, "x86/HVM direct boot ABI". */
#include "hv-core/boot/pvh.h"

#include "hv-core/boot/linux.h"
#include "hv-core/boot/load.h"
#include "hv-core/boot/memmap.h"
#include "hv-core/boot/start.h"

#define CMDLINE_MAX 2047 /* Linux' COMMAND_LINE_SIZE; it would cut off what is longer */

/* One page at HV_BOOT_PARAMS. */
struct handed {
	struct hv_pvh_info info;
	struct hv_pvh_module module;
	struct hv_pvh_memory memory[HV_MEMMAP_MAX];
};

#define AT(member) (HV_BOOT_PARAMS + offsetof(struct handed, member))

static int write_info(struct hv_vm *vm, const struct hv_boot_image *initrd, uint64_t initrd_at)
{
	struct handed h = {.info = {.magic = HV_PVH_MAGIC,
				    .version = 1,
				    .modules = initrd->len ? 1 : 0,
				    .module_list = initrd->len ? AT(module) : 0,
				    .cmdline = HV_BOOT_CMDLINE,
				    .rsdp = HV_BOOT_ACPI,
				    .memmap = AT(memory)},
			   .module = {.at = initrd_at, .bytes = initrd->len}};
	struct hv_memmap_entry map[HV_MEMMAP_MAX];

	h.info.memmap_entries = hv_memmap(&vm->mem, map);
	for (unsigned int i = 0; i < h.info.memmap_entries; i++)
		h.memory[i] = (struct hv_pvh_memory){map[i].at, map[i].bytes, map[i].type, 0};
	return hv_mem_write(&vm->mem, HV_BOOT_PARAMS, &h, sizeof(h));
}

static int check(const struct hv_elf *elf, struct err *e)
{
	if (!elf->has_pvh)
		return err_set(e, -EINVAL,
			       "the kernel is an ELF file without a PVH entry: build it with "
			       "CONFIG_PVH=y, or give its bzImage");
	if (elf->pvh_entry < elf->low || elf->pvh_entry >= elf->high)
		return err_set(e, -EINVAL,
			       "the kernel's PVH entry is outside of what is loaded: the ELF image "
			       "is damaged");
	return 0;
}

static int load(struct hv_vm *vm, const struct hv_elf *elf, const struct hv_boot_image *initrd,
		const char *cmdline, struct err *e)
{
	uint64_t initrd_at = 0;
	int r = hv_load_elf(vm, elf, e);

	if (r == 0 && initrd->len)
		r = hv_load_initrd(vm, initrd, elf->high, UINT32_MAX, false, &initrd_at, e);
	if (r == 0)
		r = hv_load_cmdline(vm, cmdline, CMDLINE_MAX, e);
	return r ? r : write_info(vm, initrd, initrd_at);
}

int hv_boot_pvh(struct hv_vm *vm, const struct hv_boot_image *kernel,
		const struct hv_boot_image *initrd, const char *cmdline, struct err *e)
{
	struct hv_start s;
	struct hv_elf elf;
	int r = hv_elf_parse(kernel, &elf, e);

	if (r == 0)
		r = check(&elf, e);
	if (r == 0)
		r = load(vm, &elf, initrd, cmdline, e);
	if (r == 0)
		r = hv_start_prepare(vm, HV_START_32, 0, 0, &s, e);
	if (r != 0)
		return r;
	s.regs.rip = elf.pvh_entry;
	s.regs.rbx = HV_BOOT_PARAMS;
	return hv_vcpu_start_at(vm, &s, e);
}
