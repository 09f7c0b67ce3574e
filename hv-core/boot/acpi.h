/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACPI tables (ACPI 6.5, hardware-reduced): RSDP, XSDT, FADT, MADT, MCFG and DSDT. They tell of
 * processors, interrupt controllers, the PCI bus, COM1, ACPI's events and how to switch off; all
 * addresses are layout.h's.
 */
#ifndef HV_CORE_BOOT_ACPI_H
#define HV_CORE_BOOT_ACPI_H

#include "hv-core/boot/aml.h"
#include "hv-core/pci/pci.h"

/* The bus has no bridges, and the tables say so: Linux looks into every slot of every bus that MCFG
 * names, two exits each. */
#define HV_ACPI_LAST_BUS 0

struct hv_acpi {
	unsigned int cpus;
	struct hv_pci_windows windows;
};

/* All of them, for the address `at`, where the RSDP comes first. Returns how many bytes were
 * written, 0 when there is no room. A pure function: any thread. */
size_t hv_acpi_build(const struct hv_acpi *c, uint64_t at, uint8_t *p, size_t room);

/* The DSDT's byte code, without the table's header. */
void hv_dsdt(const struct hv_acpi *c, struct hv_aml *a);

/* Builds them for this machine and writes them to HV_BOOT_ACPI. 0, -ENOSPC, -EFAULT. Main thread.
 */
int hv_acpi_write(struct hv_vm *vm, struct err *e);

#endif
