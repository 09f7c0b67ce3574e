/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/elf.h"

#include <elf.h>
#include <string.h>

/* Xen's public/elfnote.h: where to enter in 32-bit protected mode, paging off. */
#define NOTE_NAME	  "Xen"
#define NOTE_PHYS32_ENTRY 18

#define DAMAGED(e, what) err_set(e, -EINVAL, "the ELF image is damaged: %s", what)

bool hv_elf_is(const struct hv_boot_image *image)
{
	return image->len >= SELFMAG && memcmp(image->p, ELFMAG, SELFMAG) == 0;
}

/* Copies what is in the image at off; false when not all of it is. */
static bool get(const struct hv_boot_image *image, uint64_t off, void *to, size_t len)
{
	if (off > image->len || image->len - off < len)
		return false;
	memcpy(to, image->p + off, len);
	return true;
}

static uint64_t round_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static void look_at_note(const Elf64_Nhdr *note, const uint8_t *name, const uint8_t *desc,
			 struct hv_elf *elf)
{
	uint64_t entry = 0;

	if (note->n_type != NOTE_PHYS32_ENTRY || note->n_namesz != sizeof(NOTE_NAME) ||
	    memcmp(name, NOTE_NAME, sizeof(NOTE_NAME)) != 0)
		return;
	if (note->n_descsz != 4 && note->n_descsz != 8)
		return;
	memcpy(&entry, desc, note->n_descsz);
	elf->has_pvh = true;
	elf->pvh_entry = entry;
}

/* Notes: a header, a name, a description; the latter two are padded. Elf32_Nhdr is the same. */
static int read_notes(const uint8_t *p, uint64_t len, uint64_t align, struct hv_elf *elf,
		      struct err *e)
{
	align = align == 8 ? 8 : 4;
	while (len >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;

		memcpy(&note, p, sizeof(note));
		uint64_t desc = round_up(sizeof(note) + note.n_namesz, align);
		if (desc > len || note.n_descsz > len - desc)
			return DAMAGED(e, "a note is longer than its segment");
		look_at_note(&note, p + sizeof(note), p + desc, elf);
		uint64_t next = round_up(desc + note.n_descsz, align);
		if (next > len)
			break;
		p += next;
		len -= next;
	}
	return 0;
}

static int add_segment(const Elf64_Phdr *ph, const uint8_t *p, struct hv_elf *elf, struct err *e)
{
	if (ph->p_memsz < ph->p_filesz)
		return DAMAGED(e, "a segment is larger in the file than in memory");
	if (ph->p_paddr + ph->p_memsz < ph->p_paddr)
		return DAMAGED(e, "a segment ends behind the last address");
	if (!ph->p_memsz)
		return 0;
	if (elf->n == HV_ELF_SEGMENTS)
		return err_set(e, -EINVAL, "the ELF image has more than %d segments: link it anew",
			       HV_ELF_SEGMENTS);
	elf->segment[elf->n++] =
		(struct hv_elf_segment){p, ph->p_filesz, ph->p_paddr, ph->p_vaddr, ph->p_memsz};
	if (elf->n == 1 || ph->p_paddr < elf->low)
		elf->low = ph->p_paddr;
	if (ph->p_paddr + ph->p_memsz > elf->high)
		elf->high = ph->p_paddr + ph->p_memsz;
	return 0;
}

static int add_header(const struct hv_boot_image *image, const Elf64_Phdr *ph, struct hv_elf *elf,
		      struct err *e)
{
	if (ph->p_type != PT_LOAD && ph->p_type != PT_NOTE)
		return 0;
	if (ph->p_offset > image->len || image->len - ph->p_offset < ph->p_filesz)
		return DAMAGED(e, "a segment reaches beyond the end of the file");

	const uint8_t *p = image->p + ph->p_offset;

	return ph->p_type == PT_LOAD ? add_segment(ph, p, elf, e)
				     : read_notes(p, ph->p_filesz, ph->p_align, elf, e);
}

/* The two classes differ in the width and the order of their fields. */
static bool get_header(const struct hv_boot_image *image, bool is64, uint64_t off, Elf64_Phdr *ph)
{
	Elf32_Phdr ph32;

	if (is64)
		return get(image, off, ph, sizeof(*ph));
	if (!get(image, off, &ph32, sizeof(ph32)))
		return false;
	*ph = (Elf64_Phdr){.p_type = ph32.p_type,
			   .p_flags = ph32.p_flags,
			   .p_offset = ph32.p_offset,
			   .p_vaddr = ph32.p_vaddr,
			   .p_paddr = ph32.p_paddr,
			   .p_filesz = ph32.p_filesz,
			   .p_memsz = ph32.p_memsz,
			   .p_align = ph32.p_align};
	return true;
}

static bool get_file_header(const struct hv_boot_image *image, bool is64, Elf64_Ehdr *eh)
{
	Elf32_Ehdr eh32;

	if (is64)
		return get(image, 0, eh, sizeof(*eh));
	if (!get(image, 0, &eh32, sizeof(eh32)))
		return false;
	memcpy(eh->e_ident, eh32.e_ident, sizeof(eh->e_ident));
	eh->e_type = eh32.e_type;
	eh->e_machine = eh32.e_machine;
	eh->e_entry = eh32.e_entry;
	eh->e_phoff = eh32.e_phoff;
	eh->e_phentsize = eh32.e_phentsize;
	eh->e_phnum = eh32.e_phnum;
	return true;
}

int hv_elf_parse(const struct hv_boot_image *image, struct hv_elf *elf, struct err *e)
{
	Elf64_Ehdr eh = {0};

	*elf = (struct hv_elf){0};
	if (!hv_elf_is(image))
		return err_set(e, -EINVAL, "the image is no ELF file");
	if (image->len < EI_NIDENT)
		return DAMAGED(e, "it ends in its first header");
	elf->is64 = image->p[EI_CLASS] == ELFCLASS64;
	if (!get_file_header(image, elf->is64, &eh))
		return DAMAGED(e, "it ends in its first header");
	if (eh.e_ident[EI_DATA] != ELFDATA2LSB ||
	    eh.e_machine != (elf->is64 ? EM_X86_64 : EM_386) ||
	    (eh.e_type != ET_EXEC && eh.e_type != ET_DYN))
		return err_set(e, -EINVAL, "the ELF image is no executable for amd64 or i386");
	elf->executable = eh.e_type == ET_EXEC;
	elf->entry = eh.e_entry;

	if (eh.e_phentsize != (elf->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return DAMAGED(e, "its program headers have an unknown size");
	for (unsigned int i = 0; i < eh.e_phnum; i++) {
		Elf64_Phdr ph;

		if (eh.e_phoff > image->len ||
		    !get_header(image, elf->is64, eh.e_phoff + (uint64_t)i * eh.e_phentsize, &ph))
			return DAMAGED(e, "its program headers reach beyond the end of the file");
		int r = add_header(image, &ph, elf, e);
		if (r != 0)
			return r;
	}
	if (!elf->n)
		return err_set(e, -EINVAL, "the ELF image has nothing to load");
	return 0;
}
