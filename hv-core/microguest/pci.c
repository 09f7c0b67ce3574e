/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/pci.h"

#include "hv-core/machine/layout.h"
#include "hv-core/microguest/io.h"

#include <stddef.h>

enum { FUNCTIONS = 32 * 8, HEADER_TYPE = 0x0e, MULTI = 0x80, CAPS_MAX = 48, STATUS = 6 };
enum { COMMAND_MEMORY = 1 << 1, COMMAND_MASTER = 1 << 2, NO_INTX = 1 << 10, HAS_CAPS = 1 << 4 };

static uint16_t select_word(unsigned int fn, unsigned int off)
{
	mg_out32(HV_PORT_PCI, UINT32_C(1) << 31 | fn << 8 | (off & 0xfc));
	return HV_PORT_PCI + 4;
}

uint32_t mg_pci_read32(unsigned int fn, unsigned int off)
{
	return mg_in32(select_word(fn, off));
}

uint16_t mg_pci_read16(unsigned int fn, unsigned int off)
{
	return (uint16_t)(mg_pci_read32(fn, off) >> 8 * (off & 2));
}

uint8_t mg_pci_read8(unsigned int fn, unsigned int off)
{
	return (uint8_t)(mg_pci_read32(fn, off) >> 8 * (off & 3));
}

void mg_pci_write32(unsigned int fn, unsigned int off, uint32_t v)
{
	mg_out32(select_word(fn, off), v);
}

int mg_pci_find(unsigned int fn, uint16_t vendor, uint16_t device)
{
	while (fn < FUNCTIONS) {
		if (mg_pci_read32(fn, 0) == ((uint32_t)device << 16 | vendor))
			return (int)fn;
		/* Only a device that says so has more than function 0. */
		if (fn % 8 == 0 &&
		    (mg_pci_read16(fn, 0) == 0xffff || !(mg_pci_read8(fn, HEADER_TYPE) & MULTI)))
			fn += 8;
		else
			fn++;
	}
	return -1;
}

void mg_pci_enable(unsigned int fn)
{
	/* The status register above it has bits that a written 1 clears: write 0. */
	mg_pci_write32(fn, MG_PCI_COMMAND,
		       mg_pci_read16(fn, MG_PCI_COMMAND) | COMMAND_MEMORY | COMMAND_MASTER |
			       NO_INTX);
}

unsigned int mg_pci_cap(unsigned int fn, unsigned int cap, uint8_t id)
{
	unsigned int left = CAPS_MAX;

	if (!cap && !(mg_pci_read16(fn, STATUS) & HAS_CAPS))
		return 0;
	cap = mg_pci_read8(fn, cap ? cap + 1 : MG_PCI_CAPS) & 0xfc;
	for (; cap && left; left--) {
		if (mg_pci_read8(fn, cap) == id)
			return cap;
		cap = mg_pci_read8(fn, cap + 1) & 0xfc;
	}
	return 0;
}

volatile uint8_t *mg_pci_bar(unsigned int fn, unsigned int bar)
{
	uint32_t low = mg_pci_read32(fn, MG_PCI_BAR0 + 4 * bar);
	uint64_t at = low & ~UINT32_C(15);

	if (low & 1)
		return NULL;
	if ((low & 6) == 4)
		at |= (uint64_t)mg_pci_read32(fn, MG_PCI_BAR0 + 4 * bar + 4) << 32;
	return (volatile uint8_t *)(uintptr_t)at;
}
