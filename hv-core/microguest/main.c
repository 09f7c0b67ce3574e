/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * microguest: a guest without a kernel, at privilege level 3, that sends and receives frames.
 * Nothing interrupts it, and any exception ends it. docs/microguest.md
 */
#include "hv-core/boot/native.h"
#include "hv-core/microguest/console.h"
#include "hv-core/microguest/io.h"
#include "hv-core/microguest/pci.h"
#include "hv-core/microguest/report.h"
#include "hv-core/microguest/run.h"

enum { STACK = 65536, LINE = 65536, PING_WINDOW = 1, VIRTIO = 0x1af4, VIRTIO_NET = 0x1041 };

static struct mg_guest guest;
static char line[LINE];
static uint64_t free_at, free_end;
uint8_t mg_stack[STACK] __attribute__((aligned(16)));

void mg_main(const struct hv_native_boot *boot) __attribute__((noreturn));
void _start(void) __attribute__((naked, noreturn));

void _start(void)
{
	__asm__("lea mg_stack + %c0(%%rip), %%rsp\n\txor %%ebp, %%ebp\n\tcall mg_main"
		:
		: "i"(STACK));
}

void *mg_memory(size_t bytes, size_t align)
{
	uint64_t at = (free_at + align - 1) & ~(uint64_t)(align - 1);

	if (at > free_end || free_end - at < bytes)
		return NULL;
	free_at = at + bytes;
	return memset((void *)(uintptr_t)at, 0, bytes);
}

static void end(void) __attribute__((noreturn));
static void end(void)
{
	mg_out8(HV_NATIVE_PORT_SLEEP, HV_NATIVE_SLEEP_OFF);
	for (;;)
		mg_pause();
}

static void say(const char *why)
{
	struct mg_text t;

	mg_text_init(&t, line, sizeof(line) - 1);
	if (why)
		mg_report_error(&t, why);
	else
		mg_report(&t, &guest);
	line[t.used] = '\n';
	line[t.used + 1] = 0;
	mg_console_put(line);
}

static const char *cards(void)
{
	const char *why = NULL;
	int fn = mg_pci_find(0, VIRTIO, VIRTIO_NET);

	for (; fn >= 0 && guest.cards < MG_CARDS && !why; guest.cards++) {
		why = mg_card_open(&guest.card[guest.cards], (unsigned int)fn, guest.cards,
				   &guest.conf);
		fn = mg_pci_find((unsigned int)fn + 1, VIRTIO, VIRTIO_NET);
	}
	if (!guest.cards)
		return "there is no virtio network card; --nic adds one";
	for (unsigned int i = 0; i < guest.cards && !why; i++) {
		struct mg_card *c = &guest.card[i];

		/* Two cards are each other's: one sends, the other receives. */
		if (i < guest.conf.dsts)
			memcpy(c->dst, guest.conf.dst[i], sizeof(c->dst));
		else if ((i ^ 1) < guest.cards)
			memcpy(c->dst, guest.card[i ^ 1].mac, sizeof(c->dst));
		why = mg_card_prepare(c, &guest.conf, guest.run);
	}
	return why;
}

static const char *start(const struct hv_native_boot *boot)
{
	static char wrong[MG_WHY];
	const char *why;

	if (boot->magic != HV_NATIVE_MAGIC || boot->version < HV_NATIVE_VERSION)
		return "this is not the native boot protocol of flue-vm, version 1";
	if (!boot->tsc_khz)
		return "the monitor does not know how fast the time stamp counter runs";
	free_at = boot->free;
	free_end = boot->mem_bytes;
	guest.tsc_khz = boot->tsc_khz;
	guest.run = (uint16_t)(mg_cycles() >> 6);
	if (!mg_cmdline((const char *)(uintptr_t)boot->cmdline, &guest.conf, wrong))
		return wrong;
	for (unsigned int i = 0; i < MG_CARDS; i++)
		if (guest.conf.role[i] == MG_PING && !guest.conf.window)
			guest.conf.window = PING_WINDOW;
	why = cards();
	return why ? why : mg_run(&guest);
}

void mg_main(const struct hv_native_boot *boot)
{
	mg_console_open();
	say(start(boot));
	end();
}
