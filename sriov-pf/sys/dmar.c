/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/dmar.h"
#include "sriov-pf/sys/sysfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 512

/* AMD-Vi's flags (IOMMU specification 2.5.3): an interrupt, and a write. */
#define AMD_INTERRUPT 0x08
#define AMD_WRITE     0x20

/* What comes after the words, or NULL. */
static const char *after(const char *line, const char *words)
{
	const char *at = strstr(line, words);

	return at ? at + strlen(words) : NULL;
}

/* "01:10.0" or "0000:01:10.0", of n characters. */
static bool take_address(const char *text, size_t n, struct pf_dmar *f)
{
	if (n >= PF_ADDRESS)
		return false;
	snprintf(f->address, sizeof(f->address), "%s%.*s", n == 7 ? "0000:" : "", (int)n, text);
	return pf_sysfs_bus(f->address) && f->address[4] == ':';
}

/* All of the text but spaces at its end. */
static void take_reason(const char *text, struct pf_dmar *f)
{
	size_t n;

	snprintf(f->reason, sizeof(f->reason), "%s", text);
	for (n = strlen(f->reason); n && f->reason[n - 1] == ' '; n--)
		f->reason[n - 1] = '\0';
}

/* Intel: "DMAR: [DMA Write NO_PASID] Request device [01:10.0] fault addr 0x1000 [fault reason 0x05]
 * WORDS". Before 5.15 numbers were without 0x, and a PASID came after the device; before 4.18 the
 * reason was a line of its own. */
static bool parse_intel(const char *line, struct pf_dmar *f)
{
	const char *device = after(line, "] Request device ["), *at;

	if (!device || !take_address(device, strcspn(device, "]"), f))
		return false;
	if (strstr(line, "[DMA Write")) {
		f->kind = PF_DMAR_WRITE;
	} else if (strstr(line, "[DMA Read")) {
		f->kind = PF_DMAR_READ;
	} else if (strstr(line, "[INTR-REMAP")) {
		f->kind = PF_DMAR_INTERRUPT;
	} else {
		return false;
	}
	at = after(device, f->kind == PF_DMAR_INTERRUPT ? "fault index " : "fault addr ");
	if (!at)
		return false;
	f->at = strtoull(at, NULL, 16);
	at = after(at, "[fault reason ");
	at = at ? after(at, "] ") : NULL;
	if (at)
		take_reason(at, f);
	return true;
}

/* The driver's name and the address come before "AMD-Vi:" where the kernel knows the function. */
static bool take_amd_prefix(const char *line, struct pf_dmar *f)
{
	const char *end = strstr(line, ": AMD-Vi:"), *start = end;

	while (start && start > line && start[-1] != ' ')
		start--;
	return start && take_address(start, (size_t)(end - start), f);
}

/* AMD: "AMD-Vi: Event logged [IO_PAGE_FAULT device=01:10.0 domain=0x0010 address=0x1000
 * flags=0x0020]", and since 4.17 "vfio-pci 0000:01:10.0: AMD-Vi: Event logged [IO_PAGE_FAULT
 * domain=0x0010 ...". */
static bool parse_amd(const char *line, struct pf_dmar *f)
{
	const char *fault = after(line, "AMD-Vi: Event logged [IO_PAGE_FAULT "), *at;
	unsigned long flags;

	if (!fault)
		return false;
	at = after(fault, "device=");
	if (at ? !take_address(at, strcspn(at, " "), f) : !take_amd_prefix(line, f))
		return false;
	at = after(fault, "address=");
	if (!at)
		return false;
	f->at = strtoull(at, NULL, 16);
	at = after(at, "flags=");
	flags = at ? strtoul(at, NULL, 16) : 0;
	f->kind = flags & AMD_INTERRUPT ? PF_DMAR_INTERRUPT
		  : flags & AMD_WRITE	? PF_DMAR_WRITE
					: PF_DMAR_READ;
	return true;
}

/* The text of a record, without what stands before it and after its line. Of one that a program
 * wrote the number's upper bits are not 0. */
static bool take_line(const char *record, size_t len, char line[LINE])
{
	const char *text = memchr(record, ';', len);
	size_t n = 0, left;
	unsigned int level = 0, digits = 0;

	while (digits < len && record[digits] >= '0' && record[digits] <= '9' && level < 10000)
		level = level * 10 + (unsigned int)(record[digits++] - '0');
	if (!text || !digits || record[digits] != ',' || level > 7)
		return false;
	text++;
	left = len - (size_t)(text - record);
	while (n < left && n < LINE - 1 && text[n] != '\n') {
		line[n] = text[n] >= ' ' && text[n] < 0x7f ? text[n] : '?';
		n++;
	}
	line[n] = '\0';
	return true;
}

bool pf_dmar_parse(const char *record, size_t len, struct pf_dmar *fault)
{
	char line[LINE];

	memset(fault, 0, sizeof(*fault));
	if (!take_line(record, len, line))
		return false;
	if (strncmp(line, "DMAR:", 5) == 0)
		return parse_intel(line, fault);
	return parse_amd(line, fault);
}
