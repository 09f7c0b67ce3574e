/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/bzimage.h"

#include <stddef.h>
#include <string.h>

#define SECTOR 512u
#define HEADER 0x1f1u /* where struct setup_header is in the file */
#define HEADER_END \
	0x202u /* the header ends this far behind, and as much as the jump's offset says */
#define JUMP_OFFSET 0x201u
#define BOOT_FLAG   0xaa55
#define MAGIC	    0x53726448u /* "HdrS" */
#define VERSION	    0x20c
#define ENTRY_64    0x200u

/* Older kernels say nothing of their command line's length, and these do. */
_Static_assert(offsetof(struct setup_header, kernel_info_offset) + 4 == 0x26c - HEADER,
	       "the setup header is an ABI");

bool hv_bzimage_is(const struct hv_boot_image *image)
{
	struct setup_header h;

	if (image->len < HEADER_END + sizeof(h.header) ||
	    image->len < HEADER + offsetof(struct setup_header, version))
		return false;
	memcpy(&h, image->p + HEADER, offsetof(struct setup_header, version));
	return h.boot_flag == BOOT_FLAG && h.header == MAGIC;
}

/* Not longer than the image says, nor than we know, nor than there is. */
static void copy_header(const struct hv_boot_image *image, struct setup_header *h)
{
	size_t end = HEADER_END + image->p[JUMP_OFFSET];

	if (end > HEADER + sizeof(*h))
		end = HEADER + sizeof(*h);
	if (end > image->len)
		end = image->len;
	memset(h, 0, sizeof(*h));
	memcpy(h, image->p + HEADER, end - HEADER);
}

static int check_kind(const struct setup_header *h, struct err *e)
{
	if (h->version < VERSION)
		return err_set(e, -EINVAL,
			       "the kernel speaks boot protocol %d.%d, and 2.12 is the oldest "
			       "that will do: take Linux 3.8 or newer",
			       h->version >> 8, h->version & 0xff);
	if (!(h->loadflags & LOADED_HIGH))
		return err_set(e, -EINVAL, "the kernel is a zImage: build a bzImage");
	if (!(h->xloadflags & XLF_KERNEL_64))
		return err_set(e, -EINVAL,
			       "the kernel has no 64-bit entry: take one for amd64 "
			       "(CONFIG_X86_64=y)");
	return 0;
}

/*
 * A relocatable kernel may be loaded anywhere, but one below its preferred address moves itself
 * there before it unpacks; so that is where it goes at once. Alignment only ever moves it up.
 */
static int place(struct hv_bzimage *b, struct err *e)
{
	const struct setup_header *h = &b->header;
	uint64_t align = h->kernel_alignment, load = h->pref_address;

	if (h->relocatable_kernel) {
		if (!align || align & (align - 1))
			return err_set(e, -EINVAL,
				       "the kernel wants to be aligned to %#llx, which is no power "
				       "of two: the file is damaged",
				       (unsigned long long)align);
		if (load < HV_BOOT_KERNEL)
			load = HV_BOOT_KERNEL;
		if (load < HV_LOW_END)
			load = (load + align - 1) & ~(align - 1);
	}
	if (load < HV_BOOT_KERNEL || load >= HV_LOW_END)
		return err_set(e, -EINVAL,
			       "the kernel wants to be loaded at %#llx, and there is memory for "
			       "kernels from %#llx to %#llx: build it with another PHYSICAL_START",
			       (unsigned long long)load, HV_BOOT_KERNEL, HV_LOW_END);
	b->load = load;
	b->entry = load + ENTRY_64;
	b->init_bytes = h->init_size > b->kernel_bytes ? h->init_size : b->kernel_bytes;
	return 0;
}

int hv_bzimage_parse(const struct hv_boot_image *image, struct hv_bzimage *b, struct err *e)
{
	int r;

	*b = (struct hv_bzimage){0};
	if (!hv_bzimage_is(image))
		return err_set(e, -EINVAL, "the kernel is no bzImage");
	copy_header(image, &b->header);
	r = check_kind(&b->header, e);
	if (r != 0)
		return r;

	/* 0 stands for 4, from the days before the field was there. */
	size_t setup = (1u + (b->header.setup_sects ? b->header.setup_sects : 4)) * SECTOR;

	/* syssize counts paragraphs of 16 bytes; a signature may follow. */
	if (image->len < setup || image->len - setup < (size_t)b->header.syssize * 16 ||
	    b->header.syssize * 16ull <= ENTRY_64)
		return err_set(e, -EINVAL,
			       "the kernel is cut short: %zu bytes, and its header speaks of %zu",
			       image->len, setup + (size_t)b->header.syssize * 16);
	b->kernel = image->p + setup;
	b->kernel_bytes = (size_t)b->header.syssize * 16;
	b->initrd_max = b->header.initrd_addr_max;
	b->high_initrd = b->header.xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G;
	b->cmdline_max = b->header.cmdline_size;
	return place(b, e);
}
