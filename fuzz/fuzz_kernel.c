/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel image of any kind: what the parsers accept is inside the file and inside the addresses
 * they promise. */
#include "hv-core/boot/bzimage.h"
#include "hv-core/boot/elf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Is it inside the file, to the last byte? Reads both ends, for the sanitizer. */
static void check_inside(const struct hv_boot_image *image, const uint8_t *p, uint64_t len)
{
	volatile uint8_t read;

	if (!len)
		return;
	if (p < image->p || len > image->len || (size_t)(p - image->p) > image->len - len)
		abort();
	read = p[0];
	read = p[len - 1];
	(void)read;
}

static void check_bzimage(const struct hv_boot_image *image)
{
	struct hv_bzimage b;
	struct err e = {0};

	if (hv_bzimage_parse(image, &b, &e) != 0) {
		if (e.code != -EINVAL || !e.text[0])
			abort();
		return;
	}
	check_inside(image, b.kernel, b.kernel_bytes);
	if (b.load < HV_BOOT_KERNEL || b.load >= HV_LOW_END || b.entry != b.load + 0x200 ||
	    b.init_bytes < b.kernel_bytes || b.kernel_bytes <= 0x200)
		abort();
}

static void check_elf(const struct hv_boot_image *image)
{
	struct hv_elf elf;
	struct err e = {0};

	if (hv_elf_parse(image, &elf, &e) != 0) {
		if (e.code != -EINVAL || !e.text[0])
			abort();
		return;
	}
	if (!elf.n || elf.n > HV_ELF_SEGMENTS)
		abort();
	for (unsigned int i = 0; i < elf.n; i++) {
		const struct hv_elf_segment *s = &elf.segment[i];

		check_inside(image, s->p, s->bytes);
		if (s->mem_bytes < s->bytes || s->at < elf.low || s->at > elf.high ||
		    s->mem_bytes > elf.high - s->at)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hv_boot_image image = {data, size};

	check_bzimage(&image);
	check_elf(&image);
	return 0;
}
