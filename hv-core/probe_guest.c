/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest of flue-vm-probe: writes the first letter of its command line to the probe's port, says
 * what it found, and switches itself off. Freestanding, as hv-core/boot/native.h wants it.
 */
#include "hv-core/boot/native.h"
#include "hv-core/probe.h"

#define COM1 0x3f8

static unsigned char stack[4096] __attribute__((aligned(16), used));

void probe_main(const struct hv_native_boot *boot) __attribute__((noreturn, used));
void _start(void) __attribute__((naked, noreturn));

void _start(void)
{
	__asm__("lea stack + 4096(%rip), %rsp\n\txor %ebp, %ebp\n\tcall probe_main");
}

static void out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static uint8_t in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

/* Few enough letters that the port's buffer takes them. */
static void say(const char *text)
{
	while (*text)
		out8(COM1, (uint8_t)*text++);
}

void probe_main(const struct hv_native_boot *boot)
{
	const char *how = (const char *)(uintptr_t)boot->cmdline;

	if (in8(HV_PROBE_PORT) != HV_PROBE_HERE) {
		say("no probe\n");
	} else {
		out8(HV_PROBE_PORT, (uint8_t)*how);
		say("lives on\n");
	}
	out8(HV_NATIVE_PORT_SLEEP, HV_NATIVE_SLEEP_OFF);
	for (;;)
		__asm__ volatile("pause");
}
