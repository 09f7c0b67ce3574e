/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parsers make of images, right ones and those with one thing wrong. */
#include "hv-core/boot/bzimage.h"
#include "hv-core/boot/elf.h"
#include "hv-core/boot/test_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_bzimage_is_understood(void **state)
{
	struct test_bzimage t = test_bzimage("code", 4);
	struct hv_bzimage b;
	struct err e = {0};

	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), 0);
	assert_ptr_equal(b.kernel, t.file + 5 * 512);
	assert_int_equal(b.kernel_bytes, TEST_KERNEL_BYTES);
	assert_int_equal(b.load, 0x1000000);
	assert_int_equal(b.entry, 0x1000200);
	assert_int_equal(b.init_bytes, 0x300000);
	assert_int_equal(b.initrd_max, 0x7fffffff);
	assert_int_equal(b.cmdline_max, 2047);
	assert_true(b.high_initrd);
	/* Of the header there is as much as its jump says. */
	assert_int_equal(b.header.kernel_info_offset, 0x1234);
	t.file[0x201] = 0x60;
	t.file[0x262] = 0; /* the last byte it still has */
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), 0);
	assert_int_equal(b.header.kernel_info_offset, 0);
	/* 0 setup sectors are 4. */
	t.header->setup_sects = 0;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), 0);
	assert_ptr_equal(b.kernel, t.file + 5 * 512);
}

static void where_it_is_placed(void **state)
{
	struct test_bzimage t = test_bzimage("code", 4);
	struct hv_bzimage b;
	struct err e = {0};

	/* Relocatable: aligned as it wants, from 1 MB on. */
	t.header->pref_address = 0;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), 0);
	assert_int_equal(b.load, 0x200000);
	t.header->pref_address = 0x1100000;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), 0);
	assert_int_equal(b.load, 0x1200000);
	/* Or just where it was linked to. */
	t.header->relocatable_kernel = 0;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), 0);
	assert_int_equal(b.load, 0x1100000);
	t.header->pref_address = 0x1000;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	assert_non_null(strstr(e.text, "PHYSICAL_START"));
	t.header->relocatable_kernel = 1;
	t.header->pref_address = UINT64_MAX;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	t.header->pref_address = 0;
	t.header->kernel_alignment = 0x300000;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	assert_non_null(strstr(e.text, "0x300000"));
	t.header->kernel_alignment = 0x80000000;
	t.header->pref_address = 0xb0000000; /* the next multiple is no memory for kernels */
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
}

static void bzimages_that_cannot_be_entered_are_refused(void **state)
{
	struct hv_bzimage b;
	struct err e = {0};
	struct test_bzimage t;

	t = test_bzimage("code", 4);
	t.header->xloadflags &= (uint16_t)~XLF_KERNEL_64;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	assert_non_null(strstr(e.text, "amd64"));
	t = test_bzimage("code", 4);
	t.header->version = 0x20b;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	assert_non_null(strstr(e.text, "2.11"));
	t = test_bzimage("code", 4);
	t.header->loadflags = 0;
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	assert_non_null(strstr(e.text, "bzImage"));
	t = test_bzimage("code", 4);
	t.header->header = 0;
	assert_false(hv_bzimage_is(&t.image));
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	t = test_bzimage("code", 4);
	t.header->syssize = 0x20; /* no more than what is in front of its entry */
	assert_int_equal(hv_bzimage_parse(&t.image, &b, &e), -EINVAL);
	t = test_bzimage("code", 4);
	for (; t.image.len; t.image.len--) {
		uint8_t *exact = malloc(t.image.len - 1 ? t.image.len - 1 : 1);

		assert_non_null(exact);
		memcpy(exact, t.file, t.image.len - 1);
		const struct hv_boot_image cut = {exact, t.image.len - 1};
		assert_int_equal(hv_bzimage_parse(&cut, &b, &e), -EINVAL);
		free(exact);
	}
}

static void an_elf_image_is_understood(void **state)
{
	struct test_elf *t = test_elf_new(0x200000, "code", 4);
	struct hv_elf elf;
	struct err e = {0};

	assert_int_equal(hv_elf_parse(&t->image, &elf, &e), 0);
	assert_true(elf.is64 && elf.executable && elf.has_pvh);
	assert_int_equal(elf.entry, 0x200000);
	assert_int_equal(elf.pvh_entry, 0x200000);
	assert_int_equal(elf.n, 1);
	assert_ptr_equal(elf.segment[0].p, t->f.code);
	assert_int_equal(elf.segment[0].bytes, sizeof(t->f.code));
	assert_int_equal(elf.low, 0x200000);
	assert_int_equal(elf.high, 0x200000 + TEST_ELF_MEMORY);

	t->f.note.desc_bytes = 4;
	assert_int_equal(hv_elf_parse(&t->image, &elf, &e), 0);
	assert_int_equal(elf.pvh_entry, 0x200000);
	t->f.note.name[0] = 'Y';
	assert_int_equal(hv_elf_parse(&t->image, &elf, &e), 0);
	assert_false(elf.has_pvh);
	t = test_elf_new(0x200000, "code", 4);
	t->f.note.type = 17;
	assert_int_equal(hv_elf_parse(&t->image, &elf, &e), 0);
	assert_false(elf.has_pvh);
}

static void broken_elf_images_are_refused(void **state)
{
	struct test_elf *t;
	struct hv_elf elf;
	struct err e = {0};

#define REFUSED(change)                                                       \
	do {                                                                  \
		t = test_elf_new(0x200000, "code", 4);                        \
		change;                                                       \
		assert_int_equal(hv_elf_parse(&t->image, &elf, &e), -EINVAL); \
		assert_non_null(strstr(e.text, "ELF"));                       \
	} while (0)

	REFUSED(t->f.file.e_ident[1] = 'F');
	REFUSED(t->f.file.e_ident[EI_DATA] = ELFDATA2MSB);
	REFUSED(t->f.file.e_machine = EM_AARCH64);
	REFUSED(t->f.file.e_type = ET_REL);
	REFUSED(t->f.file.e_phentsize = 55);
	REFUSED(t->f.file.e_phnum = 0);
	REFUSED(t->f.file.e_phnum = 0xffff);
	REFUSED(t->f.file.e_phoff = UINT64_MAX);
	REFUSED(t->f.file.e_phoff = UINT64_MAX - 60);
	REFUSED(t->f.load.p_offset = UINT64_MAX);
	REFUSED(t->f.load.p_filesz = UINT64_MAX);
	REFUSED(t->f.load.p_memsz = 1);
	REFUSED(t->f.load.p_paddr = UINT64_MAX - 5);
	REFUSED(t->f.load.p_memsz = UINT64_MAX);
	REFUSED(t->f.notes.p_filesz = 1 << 20);
	REFUSED(t->f.note.name_bytes = UINT32_MAX);
	REFUSED(t->f.note.desc_bytes = UINT32_MAX);
	REFUSED(t->f.note.desc_bytes = 9);
#undef REFUSED
	t = test_elf_new(0x200000, "code", 4);
	for (; t->image.len; t->image.len--) {
		uint8_t *exact = malloc(t->image.len - 1 ? t->image.len - 1 : 1);

		assert_non_null(exact);
		memcpy(exact, t->image.p, t->image.len - 1);
		const struct hv_boot_image cut = {exact, t->image.len - 1};
		assert_int_equal(hv_elf_parse(&cut, &elf, &e), -EINVAL);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bzimage_is_understood),
		cmocka_unit_test(where_it_is_placed),
		cmocka_unit_test(bzimages_that_cannot_be_entered_are_refused),
		cmocka_unit_test(an_elf_image_is_understood),
		cmocka_unit_test(broken_elf_images_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
