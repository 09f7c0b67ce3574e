/* SPDX-License-Identifier: BSD-3-Clause */
/* bzImages by their 64-bit entry: boot.rst, "64-bit Boot Protocol". */
#include "hv-core/boot/linux.h"

#include "hv-core/boot/acpi.h"
#include "hv-core/boot/bzimage.h"
#include "hv-core/boot/load.h"
#include "hv-core/boot/memmap.h"
#include "hv-core/boot/reset_vector.h"
#include "hv-core/boot/start.h"

#include <string.h>

#define LOADER_UNKNOWN 0xff /* no number was assigned to us */
#define VIDEO_NORMAL   0xffff

static void fill_e820(const struct hv_mem *mem, struct boot_params *p)
{
	struct hv_memmap_entry map[HV_MEMMAP_MAX];
	unsigned int n = hv_memmap(mem, map);

	for (unsigned int i = 0; i < n; i++)
		p->e820_table[i] = (struct boot_e820_entry){map[i].at, map[i].bytes, map[i].type};
	p->e820_entries = (uint8_t)n;
}

static void fill_header(const struct hv_bzimage *b, const struct hv_boot_image *initrd,
			uint64_t initrd_at, struct boot_params *p)
{
	struct setup_header *h = &p->hdr;

	/* What the image's header says of itself stays; this is what a loader has to say. */
	*h = b->header;
	h->type_of_loader = LOADER_UNKNOWN;
	h->ext_loader_type = h->ext_loader_ver = 0;
	h->loadflags &= (uint8_t) ~(CAN_USE_HEAP | KEEP_SEGMENTS | KASLR_FLAG | QUIET_FLAG);
	h->vid_mode = VIDEO_NORMAL;
	h->code32_start = (uint32_t)b->load;
	h->cmd_line_ptr = (uint32_t)HV_BOOT_CMDLINE;
	h->setup_data = 0;
	h->ramdisk_image = (uint32_t)initrd_at;
	h->ramdisk_size = (uint32_t)initrd->len;
	p->ext_ramdisk_image = (uint32_t)(initrd_at >> 32);
	p->ext_ramdisk_size = (uint32_t)((uint64_t)initrd->len >> 32);
	p->acpi_rsdp_addr = HV_BOOT_ACPI;
}

static int write_params(struct hv_vm *vm, const struct hv_bzimage *b,
			const struct hv_boot_image *initrd, uint64_t initrd_at)
{
	struct boot_params p;

	_Static_assert(sizeof(p) == 4096, "the zero page is an ABI");
	memset(&p, 0, sizeof(p));
	fill_header(b, initrd, initrd_at, &p);
	fill_e820(&vm->mem, &p);
	return hv_mem_write(&vm->mem, HV_BOOT_PARAMS, &p, sizeof(p));
}

static int load(struct hv_vm *vm, const struct hv_bzimage *b, const struct hv_boot_image *initrd,
		const char *cmdline, struct err *e)
{
	uint64_t end = b->load + b->init_bytes, initrd_at = 0;
	int r;

	if (end > hv_memmap_low_end(&vm->mem) ||
	    hv_mem_write(&vm->mem, b->load, b->kernel, b->kernel_bytes) != 0)
		return hv_load_too_small(vm, end, e);
	if (initrd->len) {
		r = hv_load_initrd(vm, initrd, end, b->initrd_max, b->high_initrd, &initrd_at, e);
		if (r != 0)
			return r;
	}
	r = hv_load_cmdline(vm, cmdline, b->cmdline_max, e);
	return r ? r : write_params(vm, b, initrd, initrd_at);
}

int hv_boot_bzimage(struct hv_vm *vm, const struct hv_boot_image *kernel,
		    const struct hv_boot_image *initrd, const char *cmdline, struct err *e)
{
	struct hv_bzimage b;
	struct hv_start s;
	int r = hv_bzimage_parse(kernel, &b, e);

	if (r == 0)
		r = load(vm, &b, initrd, cmdline, e);
	if (r == 0)
		r = hv_start_prepare(vm, HV_START_LONG, 0, 0, &s, e);
	if (r != 0)
		return r;
	s.regs.rip = b.entry;
	s.regs.rsi = HV_BOOT_PARAMS;
	s.regs.rsp = HV_BOOT_STACK;
	return hv_vcpu_start_at(vm, &s, e);
}

int hv_boot_linux(struct hv_vm *vm, const struct hv_boot_image *kernel,
		  const struct hv_boot_image *initrd, const char *cmdline, struct err *e)
{
	static const struct hv_boot_image none;
	int r;

	if (!initrd)
		initrd = &none;
	r = hv_acpi_write(vm, e);
	if (r == 0)
		r = hv_reset_vector_write(vm, e);
	if (r != 0)
		return r;
	if (hv_elf_is(kernel))
		return hv_boot_pvh(vm, kernel, initrd, cmdline, e);
	if (hv_bzimage_is(kernel))
		return hv_boot_bzimage(vm, kernel, initrd, cmdline, e);
	return err_set(e, -EINVAL,
		       "the kernel is neither a bzImage nor an ELF file: give a vmlinuz, or a "
		       "vmlinux with a PVH entry");
}
