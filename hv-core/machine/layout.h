/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are in a guest's physical address space. One table; ACPI, e820, the PCI windows
 * and guest memory are all made from it. Addresses and sizes in bytes.
 *
 *	0          .. LOW_END     RAM, as far as there is (640 KB .. 1 MB is kept from the guest)
 *	MMIO32     .. ECAM        PCI windows below 4 GB
 *	ECAM       .. +256 MB     PCI configuration space, 256 buses (PCIe 7.2.2)
 *	GED        .. +4 KB       hot-plug registers and events (hv-core/device)
 *	IOAPIC, LAPIC             in KVM. LAPIC's 1 MB is also where MSIs are written to: no RAM and
 *	                          no DMA there (the "MSI hole")
 *	4 GB       .. HT hole     the rest of the RAM, up to HT_HOLE on hosts that have so much
 *	after RAM, 1 GB aligned   PCI window for 64-bit BARs
 */
#ifndef HV_CORE_MACHINE_LAYOUT_H
#define HV_CORE_MACHINE_LAYOUT_H

#define HV_LOW_END     0xc0000000ull /* RAM below the hole ends here at most */
#define HV_MMIO32      0xc0000000ull
#define HV_MMIO32_SIZE 0x20000000ull
#define HV_ECAM	       0xe0000000ull
#define HV_ECAM_SIZE   0x10000000ull
#define HV_GED	       0xfe000000ull
#define HV_GED_SIZE    0x1000ull
#define HV_IOAPIC      0xfec00000ull
#define HV_LAPIC       0xfee00000ull
#define HV_IDENTITY_MAP \
	0xfffbc000ull	      /* one page; Intel's real mode needs it, KVM_SET_IDENTITY_MAP_ADDR */
#define HV_TSS	0xfffbd000ull /* three pages */
#define HV_HIGH 0x100000000ull
/* AMD's HyperTransport hole, 12 GB below 1 TB: an IOMMU there maps nothing. */
#define HV_HT_HOLE     0xfd00000000ull
#define HV_HT_HOLE_END 0x10000000000ull
#define HV_MMIO64_SIZE 0x4000000000ull /* 256 GB, less where the processor addresses less */

/* Port I/O. */
#define HV_PORT_COM1   0x3f8
#define HV_PORT_PCI    0xcf8  /* CONFIG_ADDRESS, CONFIG_DATA */
#define HV_PORT_PCI_IO 0xc000 /* window for I/O BARs: 0xc000 .. 0xffff */
#define HV_PORT_SLEEP                                                               \
	0x600 /* +0 sleep control, +1 sleep status, +2 reset: ACPI 4.8.3.7, 4.8.3.6 \
	       */

/* Global system interrupts: IOAPIC pins. Those of PCI slots are level-triggered, active low. */
#define HV_GSI_COM1 4
#define HV_GSI_GED  9
#define HV_GSI_INTX \
	16 /* slot s uses 16 + s % 8, for any pin: at most one of a slot's functions has one */
#define HV_GSI_PINS 24
#define HV_GSI_MSI  24 /* the first GSI that is a message and no pin */

/* Where the boot code puts what it hands to the kernel; all below 640 KB. */
#define HV_BOOT_GDT	  0x500ull
#define HV_BOOT_PARAMS	  0x7000ull /* struct boot_params, or PVH's start_info */
#define HV_BOOT_STACK	  0x8ff0ull
#define HV_BOOT_TABLES	  0x9000ull  /* page tables, up to HV_BOOT_CMDLINE */
#define HV_BOOT_CMDLINE	  0x20000ull /* 64 KB at most */
#define HV_BOOT_ACPI	  0xe0000ull /* RSDP, where the BIOS area is searched; then the tables */
#define HV_BOOT_ACPI_SIZE 0x20000ull
#define HV_BOOT_KERNEL	  0x100000ull

#define HV_CPUS_MAX 64

#endif
