/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a native guest finds: a program without a kernel, in long mode at privilege level 3. There
 * even a KVM without processor support runs code at full speed, and port I/O works as at level 0
 * (IOPL 3). This header needs nothing but <stdint.h>, so that the guest's image can include it.
 *
 * The image is a static ELF64 (ET_EXEC, x86-64), linked at 1 MB or above and below 3 GB; physical
 * and virtual addresses are the same. Its first instruction is e_entry with
 *
 *	rdi	address of struct hv_native_boot
 *	rsp	a stack of 4 KB, 16-byte aligned as before a call: let the image have its own
 *	rflags	IOPL 3, interrupts off. There is no IDT: any exception ends the guest
 *	SSE	on (SSE2 is there in any long mode); AVX and x87's environment are as after reset,
 *		CR4.OSXSAVE is off
 *
 * All other general registers are 0. Mapped, each address to itself, writable, executable, for
 * level 3: everything below 4 GB (RAM, PCI windows, ECAM), and of the window for 64-bit BARs the
 * first mem64_bytes. rdtsc and cpuid work; hlt, cli, wrmsr and the like do not at level 3.
 *
 * To end: write (5 << 2 | 1 << 5) to port 0x600 (power off), or 1 to port 0x602 (start anew).
 */
#ifndef HV_CORE_BOOT_NATIVE_H
#define HV_CORE_BOOT_NATIVE_H

#include <stdint.h>

#define HV_NATIVE_MAGIC	  0x65756c66u /* "flue" */
#define HV_NATIVE_VERSION 1u

#define HV_NATIVE_PORT_SLEEP 0x600
#define HV_NATIVE_SLEEP_OFF  (5u << 2 | 1u << 5)
#define HV_NATIVE_PORT_RESET 0x602
#define HV_NATIVE_RESET	     1u

/* Addresses are physical and virtual alike; sizes in bytes. A newer version only appends. */
struct hv_native_boot {
	uint32_t magic, version;
	uint64_t mem_bytes; /* RAM is 0 .. mem_bytes without a gap, 3 GB at most */
	uint64_t free;	    /* free .. mem_bytes is the guest's to use; page-aligned */
	uint64_t cmdline;   /* NUL-terminated; never 0 */
	uint64_t tsc_khz;   /* 0: not known */
	uint64_t ecam;	    /* configuration space of bus 0, slot s, function f at
			       ecam + (s << 15 | f << 12) */
	uint64_t mem32;	    /* window for 32-bit BARs; they have addresses already */
	uint64_t mem32_bytes;
	uint64_t mem64;	      /* window for 64-bit BARs; likewise */
	uint64_t mem64_bytes; /* as much of it as is mapped */
};
_Static_assert(sizeof(struct hv_native_boot) == 80, "the native boot page is an ABI");

#endif
