/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI configuration space of bus 0, by ports (PCI 3.2.2.3.2). BARs have addresses already. */
#ifndef HV_CORE_MICROGUEST_PCI_H
#define HV_CORE_MICROGUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum { MG_PCI_CAP_VENDOR = 9, MG_PCI_COMMAND = 4, MG_PCI_BAR0 = 0x10, MG_PCI_CAPS = 0x34 };

/* fn: slot << 3 | function. */
uint8_t mg_pci_read8(unsigned int fn, unsigned int off);
uint16_t mg_pci_read16(unsigned int fn, unsigned int off);
uint32_t mg_pci_read32(unsigned int fn, unsigned int off);
void mg_pci_write32(unsigned int fn, unsigned int off, uint32_t v);

/* The first function from `fn` on that has this vendor and device; negative when there is none. */
int mg_pci_find(unsigned int fn, uint16_t vendor, uint16_t device);

/* Lets it answer at its BARs and reach memory. */
void mg_pci_enable(unsigned int fn);

/* The next capability with this id behind `cap` (0: the first); 0 when there is none. */
unsigned int mg_pci_cap(unsigned int fn, unsigned int cap, uint8_t id);

/* Where a memory BAR lies; NULL: nowhere, or it is an I/O BAR. */
volatile uint8_t *mg_pci_bar(unsigned int fn, unsigned int bar);

#endif
