/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Facts about functions of the host, read from sysfs ("/sys") and /proc. Nothing is changed; what
 * cannot be read counts as not there. Any thread.
 */
#ifndef BASE_PCI_FUNCTION_H
#define BASE_PCI_FUNCTION_H

#include "base/pci/caps.h"
#include "base/pci/host.h"

#define PCI_NAME 64

/* The first bytes of a file as text, "" if there is none; how many, without the NUL. */
size_t pci_read_text(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The number in a file, decimal or with 0x; -1: none. */
long long pci_read_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The driver's name; false: it has none. */
bool pci_driver(const char *sysfs, const char *address, char name[PCI_NAME]);

/* The ways to reset it, as the kernel names them ("flr bus"), or "flr" where the kernel does not
 * say and its registers do; false: none. */
bool pci_can_reset(const char *sysfs, const char *address, char method[PCI_NAME]);

/* How many memory BARs have a place, and their bytes. */
unsigned int pci_bars(const char *sysfs, const char *address, uint64_t *bytes);

/* How many functions an IOMMU group has. */
unsigned int pci_group_members(const char *sysfs, unsigned int group);

/* What the kernel asks of a port before it takes what is below it for apart: SV, RR, CR and UF. */
#define PCI_ACS_WANTED 0x1d

/* Does this bridge keep apart what is below it (PCIe 6.12)? 1: yes; 0: no, and why; -1: its
 * registers may not be read. */
int pci_port_isolates(const char *sysfs, const char *address, char why[PCI_NAME]);

/* Is there an interrupt whose chip is behind remapping ("IR-...")? proc: "/proc". */
bool pci_interrupts_remapped(const char *proc);

/* The IOMMUs of the host, /sys/class/iommu: VT-d 4.1 10.4.2 and 10.4.3, AMD-Vi 3.06 3.2.1. A bit is
 * set when all of them have it. */
struct pci_iommus {
	unsigned int n;
	bool amd;	  /* AMD-Vi, else VT-d */
	bool remapping;	  /* they could remap interrupts */
	bool posting;	  /* they could post a device's interrupts to a guest's processor */
	bool device_tlbs; /* they serve devices that keep translations (ATS) */
	bool caching;	  /* VT-d's caching mode: it is an emulated one */
};
void pci_iommus(const char *sysfs, struct pci_iommus *all);

#endif
