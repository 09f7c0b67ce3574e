/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: the smallest images of each kind, around a few bytes of code. */
#ifndef HV_CORE_BOOT_TEST_IMAGE_H
#define HV_CORE_BOOT_TEST_IMAGE_H

#include "hv-core/boot/boot.h"

#include <asm/bootparam.h>
#include <elf.h>
#include <stddef.h>
#include <string.h>

#define TEST_KERNEL_BYTES 0x400

/* Of each kind there is one at a time: they are static. */
struct test_bzimage {
	uint8_t *file;
	struct setup_header *header;
	struct hv_boot_image image;
};

/* Entered at its 0x200th byte, loaded to 16 MB. */
static inline struct test_bzimage test_bzimage(const void *code, size_t len)
{
	static uint8_t file[5 * 512 + TEST_KERNEL_BYTES];
	struct test_bzimage t = {file, (struct setup_header *)(file + 0x1f1), {file, sizeof(file)}};

	memset(file, 0, sizeof(file));
	*t.header = (struct setup_header){
		.setup_sects = 4,
		.boot_flag = 0xaa55,
		.jump = 0x6aeb, /* over 0x6a bytes: the header ends at 0x26c */
		.header = 0x53726448,
		.version = 0x20f,
		.loadflags = LOADED_HIGH,
		.syssize = TEST_KERNEL_BYTES / 16,
		.initrd_addr_max = 0x7fffffff,
		.kernel_alignment = 0x200000,
		.relocatable_kernel = 1,
		.xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G,
		.cmdline_size = 2047,
		.pref_address = 0x1000000,
		.init_size = 0x300000,
		.kernel_info_offset = 0x1234,
	};
	memcpy(file + 5 * 512 + 0x200, code, len);
	return t;
}

#define TEST_ELF_MEMORY 0x3000

struct test_elf {
	struct {
		Elf64_Ehdr file;
		Elf64_Phdr load, notes;
		struct {
			uint32_t name_bytes, desc_bytes, type;
			char name[4];
			uint64_t entry;
		} note;
		uint8_t code[0x100];
	} f __attribute__((packed));
	struct hv_boot_image image;
};

/* Both entries are the code, at `at`. */
static inline struct test_elf *test_elf_new(uint64_t at, const void *code, size_t len)
{
	static struct test_elf t;

	t = (struct test_elf){.f = {
				      .file = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64,
							   ELFDATA2LSB, EV_CURRENT},
					       .e_type = ET_EXEC,
					       .e_machine = EM_X86_64,
					       .e_version = EV_CURRENT,
					       .e_entry = at,
					       .e_phoff = sizeof(Elf64_Ehdr),
					       .e_ehsize = sizeof(Elf64_Ehdr),
					       .e_phentsize = sizeof(Elf64_Phdr),
					       .e_phnum = 2},
				      .note = {4, 8, 18, "Xen", at},
			      }};
	t.f.load = (Elf64_Phdr){.p_type = PT_LOAD,
				.p_offset = offsetof(struct test_elf, f.code),
				.p_vaddr = at,
				.p_paddr = at,
				.p_filesz = sizeof(t.f.code),
				.p_memsz = TEST_ELF_MEMORY};
	t.f.notes = (Elf64_Phdr){.p_type = PT_NOTE,
				 .p_offset = offsetof(struct test_elf, f.note),
				 .p_filesz = sizeof(t.f.note),
				 .p_memsz = sizeof(t.f.note),
				 .p_align = 4};
	memcpy(t.f.code, code, len);
	t.image = (struct hv_boot_image){(uint8_t *)&t.f, sizeof(t.f)};
	return &t;
}

#endif
