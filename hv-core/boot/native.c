/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/native.h"

#include "hv-core/boot/load.h"
#include "hv-core/boot/memmap.h"
#include "hv-core/boot/start.h"
#include "hv-core/device/sleep.h"
#include "hv-core/pci/pci.h"

_Static_assert(HV_NATIVE_PORT_SLEEP == HV_PORT_SLEEP + HV_SLEEP_CONTROL &&
		       HV_NATIVE_PORT_RESET == HV_PORT_SLEEP + HV_SLEEP_RESET &&
		       HV_NATIVE_SLEEP_OFF == (HV_SLEEP_TYPE_S5 << 2 | HV_SLEEP_ENABLE) &&
		       HV_NATIVE_RESET == HV_SLEEP_DO_RESET,
	       "native.h says the registers' values itself, to need no other header");

#define PAGE 4096u

static int check(const struct hv_elf *elf, struct err *e)
{
	if (!elf->is64 || !elf->executable)
		return err_set(
			e, -EINVAL,
			"a native guest is a static ELF64 of type EXEC: link it with -static "
			"-no-pie");
	for (unsigned int i = 0; i < elf->n; i++)
		if (elf->segment[i].virtual != elf->segment[i].at)
			return err_set(e, -EINVAL,
				       "the native guest's virtual addresses are not its physical "
				       "ones: link it so that each segment's are the same");
	if (elf->entry < elf->low || elf->entry >= elf->high)
		return err_set(e, -EINVAL,
			       "the native guest's entry is outside of what is loaded: the ELF "
			       "image is damaged");
	return 0;
}

int hv_boot_native(struct hv_vm *vm, const struct hv_boot_image *image, const char *cmdline,
		   uint64_t tsc_khz, struct err *e)
{
	struct hv_pci_windows w;
	struct hv_start s;
	struct hv_elf elf;
	int r = hv_elf_parse(image, &elf, e);

	if (r == 0)
		r = check(&elf, e);
	if (r == 0)
		r = hv_load_elf(vm, &elf, e);
	if (r == 0)
		r = hv_load_cmdline(vm, cmdline, HV_CMDLINE_ROOM - 1, e);
	if (r != 0)
		return r;
	hv_pci_windows(vm, &w);
	if (w.mem64_bytes > HV_START_MEM64)
		w.mem64_bytes = HV_START_MEM64;
	r = hv_start_prepare(vm, HV_START_NATIVE, w.mem64, w.mem64_bytes, &s, e);
	if (r != 0)
		return r;

	const struct hv_native_boot boot = {
		.magic = HV_NATIVE_MAGIC,
		.version = HV_NATIVE_VERSION,
		.mem_bytes = hv_memmap_low_end(&vm->mem),
		.free = (elf.high + PAGE - 1) & ~(PAGE - 1ull),
		.cmdline = HV_BOOT_CMDLINE,
		.tsc_khz = tsc_khz,
		.ecam = HV_ECAM,
		.mem32 = w.mem32,
		.mem32_bytes = w.mem32_bytes,
		.mem64 = w.mem64,
		.mem64_bytes = w.mem64_bytes,
	};
	r = hv_mem_write(&vm->mem, HV_BOOT_PARAMS, &boot, sizeof(boot));
	if (r != 0)
		return err_set(e, r, "the guest's memory has no room for the boot page");
	s.regs.rip = elf.entry;
	s.regs.rdi = HV_BOOT_PARAMS;
	s.regs.rsp = HV_BOOT_STACK;
	return hv_vcpu_start_at(vm, &s, e);
}
