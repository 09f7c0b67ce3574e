/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in a guest's memory and registers before its first instruction. Needs no KVM: what the
 * processor is set to is kept here instead. */
#include "hv-core/boot/boot.h"
#include "hv-core/boot/memmap.h"
#include "hv-core/boot/native.h"
#include "hv-core/boot/pvh.h"
#include "hv-core/boot/start.h"
#include "hv-core/boot/test_image.h"
#include "hv-core/pci/pci.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MB (1ull << 20)

static struct hv_start started;

int hv_vcpu_start_at(struct hv_vm *vm, const struct hv_start *start, struct err *e)
{
	started = *start;
	return 0;
}

static struct hv_vm make(uint64_t mem_bytes)
{
	struct hv_vm vm = {.cpus = 2, .phys_bits = 40};
	struct err e = {0};

	memset(&started, 0, sizeof(started));
	assert_int_equal(hv_mem_create(&vm.mem, mem_bytes, 4096, &e), 0);
	return vm;
}

static void read_guest(const struct hv_vm *vm, uint64_t at, void *to, size_t len)
{
	assert_int_equal(hv_mem_read(&vm->mem, at, to, len), 0);
}

/* Walks the boot tables as a processor does. Returns the entry; 0: not mapped. */
static uint64_t walk(const struct hv_vm *vm, uint64_t at)
{
	uint64_t table = started.sregs.cr3, entry = 0;

	for (int shift = 39; shift >= 21; shift -= 9) {
		read_guest(vm, table + (at >> shift & 511) * 8, &entry, 8);
		if (!(entry & 1))
			return 0;
		table = entry & 0xffffffffff000;
	}
	assert_int_equal(entry & 0x80, 0x80);
	return entry;
}

static void a_descriptor_agrees(const struct hv_vm *vm, const struct kvm_segment *s)
{
	uint64_t d;

	assert_true(s->selector < started.sregs.gdt.limit);
	read_guest(vm, started.sregs.gdt.base + (s->selector & ~7u), &d, 8);
	assert_int_equal(d >> 40 & 0xf, s->type);
	assert_int_equal(d >> 45 & 3, s->dpl);
	assert_int_equal(d >> 53 & 1, s->l);
	assert_int_equal(d >> 54 & 1, s->db);
	assert_int_equal((d & 0xffff) | (d >> 32 & 0xf0000), s->g ? 0xfffff : s->limit);
}

static void check_e820(const struct boot_params *p, uint64_t low_end)
{
	uint64_t end = 0;

	for (int i = 0; i < p->e820_entries; i++) {
		assert_true(p->e820_table[i].addr >= end);
		end = p->e820_table[i].addr + p->e820_table[i].size;
	}
	assert_true(p->e820_entries >= 4);
	assert_int_equal(p->e820_table[0].size, 0xa0000);
	assert_int_equal(p->e820_table[0].type, 1);
	assert_int_equal(p->e820_table[1].addr, HV_BOOT_ACPI);
	assert_int_equal(p->e820_table[1].type, 2);
	assert_int_equal(p->e820_table[2].addr, MB);
	assert_int_equal(p->e820_table[2].size, low_end - MB);
	assert_true(p->e820_table[3].addr == HV_ECAM && p->e820_table[3].size == HV_ECAM_SIZE);
	assert_int_equal(p->e820_table[3].type, 2);
}

static void linux_finds_what_the_protocol_says(void **state)
{
	struct hv_vm vm = make(64 * MB);
	struct test_bzimage t = test_bzimage("kernel's code", 13);
	const struct hv_boot_image initrd = {(const uint8_t *)"initial files", 13};
	struct boot_params p;
	struct err e = {0};
	char text[32];

	t.header->setup_data = 0x1234; /* not the image's to say */
	assert_int_equal(hv_boot_linux(&vm, &t.image, &initrd, "console=ttyS0", &e), 0);
	assert_int_equal(started.regs.rip, 0x1000200);
	assert_int_equal(started.regs.rsi, HV_BOOT_PARAMS);
	assert_int_equal(started.regs.rflags, 2);
	assert_int_equal(started.sregs.cs.selector, 0x10);
	assert_int_equal(started.sregs.ds.selector, 0x18);
	assert_int_equal(started.sregs.es.selector, 0x18);
	assert_int_equal(started.sregs.ss.selector, 0x18);
	assert_int_equal(started.sregs.efer, 0x500);
	a_descriptor_agrees(&vm, &started.sregs.cs);
	a_descriptor_agrees(&vm, &started.sregs.ds);
	a_descriptor_agrees(&vm, &started.sregs.tr);
	for (uint64_t at = 0; at < HV_HIGH; at += 2 * MB)
		assert_true(walk(&vm, at) == (at | 0xe3));
	assert_int_equal(walk(&vm, HV_HIGH), 0);

	read_guest(&vm, started.regs.rip, text, 13);
	assert_memory_equal(text, "kernel's code", 13);
	read_guest(&vm, started.regs.rsi, &p, sizeof(p));
	assert_int_equal(p.hdr.header, 0x53726448);
	assert_int_equal(p.hdr.init_size, 0x300000);
	assert_int_equal(p.hdr.type_of_loader, 0xff);
	assert_int_equal(p.hdr.setup_data, 0);
	assert_int_equal(p.sentinel, 0);
	assert_int_equal(p.acpi_rsdp_addr, HV_BOOT_ACPI);
	check_e820(&p, 64 * MB);
	read_guest(&vm, p.hdr.cmd_line_ptr, text, 14);
	assert_string_equal(text, "console=ttyS0");
	assert_int_equal(p.hdr.ramdisk_size, 13);
	assert_int_equal(p.hdr.ramdisk_image, 64 * MB - 4096);
	assert_int_equal(p.ext_ramdisk_image, 0);
	read_guest(&vm, p.hdr.ramdisk_image, text, 13);
	assert_memory_equal(text, "initial files", 13);
	read_guest(&vm, HV_BOOT_ACPI, text, 8);
	assert_memory_equal(text, "RSD PTR ", 8);
	read_guest(&vm, 0xffff0, text, 6);
	assert_memory_equal(text, "\xba\x02\x06\xb0\x01\xee", 6);
	hv_mem_destroy(&vm.mem);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct test_bzimage t = test_bzimage("x", 1);
	struct hv_vm vm = make(18 * MB);
	const struct hv_boot_image text = {(const uint8_t *)"#!/bin/sh\n", 10};
	static char cmdline[3000];
	struct err e = {0};

	/* From 16 MB on it needs 3 MB. */
	assert_int_equal(hv_boot_linux(&vm, &t.image, NULL, "", &e), -ENOSPC);
	assert_non_null(strstr(e.text, "19 MB"));
	hv_mem_destroy(&vm.mem);
	vm = make(19 * MB);
	assert_int_equal(hv_boot_linux(&vm, &t.image, NULL, "", &e), 0);
	const struct hv_boot_image initrd = {(const uint8_t *)cmdline, 1};
	assert_int_equal(hv_boot_linux(&vm, &t.image, &initrd, "", &e), -ENOSPC);
	assert_non_null(strstr(e.text, "initrd"));
	memset(cmdline, 'x', 2048);
	assert_int_equal(hv_boot_linux(&vm, &t.image, NULL, cmdline, &e), -EINVAL);
	assert_non_null(strstr(e.text, "2048 characters"));
	cmdline[2047] = 0;
	assert_int_equal(hv_boot_linux(&vm, &t.image, NULL, cmdline, &e), 0);
	assert_int_equal(hv_boot_linux(&vm, &text, NULL, "", &e), -EINVAL);
	assert_non_null(strstr(e.text, "vmlinuz"));
	hv_mem_destroy(&vm.mem);
}

/* Below the kernel's limit, not in the kernel, and above 4 GB only where the kernel can. */
static void an_initrd_goes_as_high_as_it_may(void **state)
{
	struct hv_mem m = {
		.n = 2,
		.region = {{.gpa = 0, .bytes = HV_LOW_END}, {.gpa = HV_HIGH, .bytes = 1024 * MB}}};
	struct hv_mem_region laid[HV_MEM_REGIONS];

	assert_true(hv_memmap_place(&m, 4096, 32 * MB, 0x7fffffff, true) == 0x7ffff000);
	assert_true(hv_memmap_place(&m, 1, 32 * MB, 0x7fffffff, true) == 0x7ffff000);
	assert_true(hv_memmap_place(&m, 4097, 32 * MB, UINT32_MAX, false) == HV_LOW_END - 8192);
	assert_true(hv_memmap_place(&m, 16 * MB, 32 * MB, 48 * MB - 1, false) == 32 * MB);
	assert_true(hv_memmap_place(&m, 16 * MB + 1, 32 * MB, 48 * MB - 1, false) == 0);
	assert_true(hv_memmap_place(&m, 16 * MB + 1, 32 * MB, 48 * MB - 1, true) ==
		    HV_HIGH + 1008 * MB - 4096);
	assert_true(hv_memmap_place(&m, 1025 * MB, 32 * MB, 48 * MB - 1, true) == 0);
	assert_true(hv_memmap_place(&m, UINT64_MAX, 0, UINT64_MAX, true) == 0);

	/* Nowhere does the map overlap what is not memory. */
	static const uint64_t sizes[] = {2 * MB, HV_LOW_END, HV_LOW_END + MB, 2048 * 1024 * MB};
	for (int i = 0; i < 4; i++) {
		struct hv_memmap_entry map[HV_MEMMAP_MAX];
		uint64_t ram = 0, end = 0;

		m.n = hv_mem_layout(sizes[i], laid);
		memcpy(m.region, laid, sizeof(laid));
		unsigned int n = hv_memmap(&m, map);
		for (unsigned int k = 0; k < n; k++) {
			assert_true(map[k].at >= end);
			end = map[k].at + map[k].bytes;
			ram += map[k].type == HV_E820_RAM ? map[k].bytes : 0;
		}
		assert_true(ram == sizes[i] - (MB - HV_LOW_RAM_END));
	}
}

static void pvh_finds_its_start_info(void **state)
{
	struct hv_vm vm = make(16 * MB);
	struct test_elf *t = test_elf_new(2 * MB, "pvh's code", 10);
	const struct hv_boot_image initrd = {(const uint8_t *)"files", 5};
	struct hv_pvh_info info;
	struct hv_pvh_module module;
	struct hv_pvh_memory memory;
	struct err e = {0};
	char text[16];

	assert_int_equal(hv_boot_linux(&vm, &t->image, &initrd, "quiet", &e), 0);
	assert_int_equal(started.regs.rip, 2 * MB);
	assert_int_equal(started.regs.rflags, 2);
	assert_int_equal(started.sregs.cr0, 0x11);
	assert_int_equal(started.sregs.cr4, 0);
	assert_int_equal(started.sregs.efer, 0);
	assert_int_equal(started.sregs.cs.l, 0);
	assert_int_equal(started.sregs.cs.db, 1);
	a_descriptor_agrees(&vm, &started.sregs.cs);
	a_descriptor_agrees(&vm, &started.sregs.ss);
	read_guest(&vm, 2 * MB, text, 10);
	assert_memory_equal(text, "pvh's code", 10);

	read_guest(&vm, started.regs.rbx, &info, sizeof(info));
	assert_int_equal(info.magic, 0x336ec578);
	assert_int_equal(info.version, 1);
	assert_int_equal(info.rsdp, HV_BOOT_ACPI);
	read_guest(&vm, info.cmdline, text, 6);
	assert_string_equal(text, "quiet");
	assert_int_equal(info.modules, 1);
	read_guest(&vm, info.module_list, &module, sizeof(module));
	assert_int_equal(module.bytes, 5);
	read_guest(&vm, module.at, text, 5);
	assert_memory_equal(text, "files", 5);
	assert_int_equal(info.memmap_entries, 4);
	read_guest(&vm, info.memmap + 2 * sizeof(memory), &memory, sizeof(memory));
	assert_int_equal(memory.at, MB);
	assert_int_equal(memory.bytes, 15 * MB);
	assert_int_equal(memory.type, 1);

	assert_int_equal(hv_boot_linux(&vm, &t->image, NULL, "", &e), 0);
	read_guest(&vm, started.regs.rbx, &info, sizeof(info));
	assert_int_equal(info.modules, 0);
	t->f.note.entry = 2 * MB + TEST_ELF_MEMORY;
	assert_int_equal(hv_boot_linux(&vm, &t->image, NULL, "", &e), -EINVAL);
	t->f.note.type = 1;
	assert_int_equal(hv_boot_linux(&vm, &t->image, NULL, "", &e), -EINVAL);
	assert_non_null(strstr(e.text, "CONFIG_PVH"));
	t = test_elf_new(16 * MB - 4096, "x", 1);
	assert_int_equal(hv_boot_linux(&vm, &t->image, NULL, "", &e), -ENOSPC);
	t = test_elf_new(0x8000, "x", 1);
	assert_int_equal(hv_boot_linux(&vm, &t->image, NULL, "", &e), -EINVAL);
	hv_mem_destroy(&vm.mem);
}

static void a_native_guest_finds_its_boot_page(void **state)
{
	struct hv_vm vm = make(16 * MB);
	struct test_elf *t = test_elf_new(2 * MB, "native", 6);
	struct hv_native_boot b;
	struct hv_pci_windows w;
	struct err e = {0};
	char text[16];

	assert_int_equal(hv_boot_native(&vm, &t->image, "send", 2000000, &e), 0);
	assert_int_equal(started.regs.rip, 2 * MB);
	assert_int_equal(started.regs.rdi, HV_BOOT_PARAMS);
	assert_int_equal(started.regs.rsp % 16, 0);
	assert_int_equal(started.regs.rflags, 0x3002);
	assert_int_equal(started.sregs.cs.dpl, 3);
	assert_int_equal(started.sregs.ss.dpl, 3);
	assert_int_equal(started.sregs.cs.selector & 3, 3);
	assert_int_equal(started.sregs.ss.selector & 3, 3);
	a_descriptor_agrees(&vm, &started.sregs.cs);
	a_descriptor_agrees(&vm, &started.sregs.ss);
	read_guest(&vm, started.regs.rdi, &b, sizeof(b));
	assert_int_equal(b.magic, HV_NATIVE_MAGIC);
	assert_int_equal(b.version, 1);
	assert_int_equal(b.mem_bytes, 16 * MB);
	assert_int_equal(b.free, 2 * MB + TEST_ELF_MEMORY);
	assert_int_equal(b.tsc_khz, 2000000);
	assert_true(b.ecam == HV_ECAM);
	read_guest(&vm, b.cmdline, text, 5);
	assert_string_equal(text, "send");

	/* Where a KVM looks for the right to a port, it is. */
	struct kvm_segment tr = started.sregs.tr;
	uint8_t bitmap[8192 + 1];
	uint16_t bitmap_at;
	a_descriptor_agrees(&vm, &tr);
	read_guest(&vm, tr.base + 0x66, &bitmap_at, 2);
	assert_int_equal(bitmap_at + sizeof(bitmap) - 1, tr.limit);
	read_guest(&vm, tr.base + bitmap_at, bitmap, sizeof(bitmap));
	for (int i = 0; i < 8192; i++)
		assert_int_equal(bitmap[i], 0);
	assert_int_equal(bitmap[8192], 0xff);

	/* All of it is for level 3, and the upper window as far as is said. */
	hv_pci_windows(&vm, &w);
	assert_true(b.mem32 == w.mem32 && b.mem32_bytes == w.mem32_bytes);
	assert_true(b.mem64 == w.mem64 && b.mem64_bytes == HV_START_MEM64);
	for (uint64_t at = 0; at < HV_HIGH; at += 2 * MB)
		assert_true(walk(&vm, at) == (at | 0xe7));
	for (uint64_t at = b.mem64; at < b.mem64 + b.mem64_bytes; at += 2 * MB)
		assert_true(walk(&vm, at) == (at | 0xe7));
	assert_int_equal(walk(&vm, b.mem64 + b.mem64_bytes), 0);
	hv_mem_destroy(&vm.mem);

	/* A window that lies across two top-level entries. */
	vm = make(16 * MB);
	struct hv_start s;
	assert_int_equal(hv_start_prepare(&vm, HV_START_NATIVE, (508ull << 30) + 2 * MB,
					  HV_START_MEM64, &s, &e),
			 0);
	started = s;
	assert_true(walk(&vm, 512ull << 30) == (512ull << 30 | 0xe7));
	assert_true(walk(&vm, 516ull << 30) == (516ull << 30 | 0xe7));
	hv_mem_destroy(&vm.mem);
}

static void native_images_of_the_wrong_kind_are_refused(void **state)
{
	struct hv_vm vm = make(16 * MB);
	struct test_elf *t = test_elf_new(2 * MB, "native", 6);
	struct err e = {0};

	t->f.file.e_type = ET_DYN;
	assert_int_equal(hv_boot_native(&vm, &t->image, "", 0, &e), -EINVAL);
	assert_non_null(strstr(e.text, "-no-pie"));
	t = test_elf_new(2 * MB, "native", 6);
	t->f.load.p_vaddr += 4096;
	assert_int_equal(hv_boot_native(&vm, &t->image, "", 0, &e), -EINVAL);
	t = test_elf_new(2 * MB, "native", 6);
	t->f.file.e_entry = MB;
	assert_int_equal(hv_boot_native(&vm, &t->image, "", 0, &e), -EINVAL);
	struct test_bzimage z = test_bzimage("x", 1);
	assert_int_equal(hv_boot_native(&vm, &z.image, "", 0, &e), -EINVAL);
	assert_int_equal(started.regs.rip, 0);
	hv_mem_destroy(&vm.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_finds_what_the_protocol_says),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(an_initrd_goes_as_high_as_it_may),
		cmocka_unit_test(pvh_finds_its_start_info),
		cmocka_unit_test(a_native_guest_finds_its_boot_page),
		cmocka_unit_test(native_images_of_the_wrong_kind_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
