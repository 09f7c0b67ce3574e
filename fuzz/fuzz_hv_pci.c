/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that does what it likes with configuration space, BARs and MSI-X tables of three
 * functions. Input: eight bytes an access. What must hold after each: mapped BARs lie in a window
 * and none over another; a line is up just when somebody asserts it.
 */
#include "base/log.h"
#include "hv-core/pci/fake_board.h"
#include "hv-core/pci/msix.h"
#include "hv-core/pci/pci.h"

#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define CARDS	3
#define VECTORS 66
#define TABLE	0x1000
#define PBA	0x1800

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct card {
	struct hv_pci_fn fn;
	struct hv_msix *msix;
};

static uint64_t bar_read(void *self, uint64_t off, unsigned int len)
{
	struct card *c = self;

	return hv_msix_owns(c->msix, off) ? hv_msix_read(c->msix, off, len) : 0;
}

static void bar_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct card *c = self;

	if (hv_msix_owns(c->msix, off))
		hv_msix_write(c->msix, off, len, value);
}

static void config_written(void *self, unsigned int off, unsigned int len)
{
	hv_msix_config_written(((struct card *)self)->msix, off, len);
}

static const struct hv_io_ops bar_ops = {bar_read, bar_write};
static const struct hv_pci_fn_ops fn_ops = {.config_written = config_written};

static void plug(struct hv_pci *pci, struct card *c, int slot)
{
	static const struct hv_pci_id id = {
		.vendor = 0x1234, .device = 1, .class_code = 0xff0000, .intx = true};

	hv_pci_init(&c->fn, &id, &fn_ops, c, "card");
	hv_pci_bar(&c->fn, 0, HV_BAR_MEM64, 0x2000, &bar_ops, c);
	hv_pci_bar(&c->fn, 2, HV_BAR_MEM32, 0x100, &bar_ops, c);
	hv_pci_bar(&c->fn, 3, HV_BAR_IO, 0x20, &bar_ops, c);
	hv_pci_bar(&c->fn, 4, HV_BAR_MEM64_PREF, 0x100000, NULL, NULL);
	c->msix = hv_msix_new(&c->fn, VECTORS, 0, TABLE, PBA, NULL);
	if (!c->msix || hv_pci_plug(pci, &c->fn, slot, NULL))
		abort();
}

static bool inside(uint64_t at, uint64_t bytes, uint64_t window, uint64_t window_bytes)
{
	return at >= window && at + bytes <= window + window_bytes;
}

static void must_be_sound(struct fake_board *b, struct card *card)
{
	struct hv_pci_windows w;
	bool line[HV_GSI_PINS] = {false};

	hv_pci_windows(&b->vm, &w);
	for (int k = 0; k < CARDS * HV_PCI_BARS; k++) {
		const struct hv_pci_bar *x = &card[k / HV_PCI_BARS].fn.bar[k % HV_PCI_BARS];

		if (!x->at)
			continue;
		if (x->kind == HV_BAR_IO
			    ? !inside(x->at, x->bytes, HV_PORT_PCI_IO, 0x10000 - HV_PORT_PCI_IO)
			    : !inside(x->at, x->bytes, w.mem32, w.mem32_bytes) &&
				      !inside(x->at, x->bytes, w.mem64, w.mem64_bytes))
			abort();
		for (int m = 0; m < k; m++) {
			const struct hv_pci_bar *y = &card[m / HV_PCI_BARS].fn.bar[m % HV_PCI_BARS];

			if (y->at && (x->kind == HV_BAR_IO) == (y->kind == HV_BAR_IO) &&
			    x->at < y->at + y->bytes && y->at < x->at + x->bytes)
				abort();
		}
	}
	for (int i = 0; i < CARDS; i++)
		if (card[i].fn.intx &&
		    !(card[i].fn.config[PCI_COMMAND + 1] & PCI_COMMAND_INTX_DISABLE >> 8))
			line[HV_GSI_INTX + card[i].fn.slot % 8] = true;
	if (memcmp(line, b->line, sizeof(line)) != 0)
		abort();
}

/* data: what, whom and how long, 16 bits of offset, 32 bits of value. */
static void act(struct fake_board *b, struct card *card, const uint8_t *data)
{
	unsigned int len = 1u << (data[1] >> 4 & 3), slot = data[1] & 15;
	uint16_t off = (uint16_t)(data[2] | data[3] << 8);
	struct card *c = &card[slot % CARDS];
	uint32_t value;

	memcpy(&value, data + 4, 4);
	switch (data[0] % 8) {
	case 0:
		fake_write(b, HV_ECAM + (slot << 15) + off, len, value * 0x100000001ull);
		break;
	case 1:
		fake_read(b, HV_ECAM + (slot << 15) + off, len);
		break;
	case 2:
		fake_out(b, HV_PORT_PCI + off % 8, len, value);
		break;
	case 3:
		fake_in(b, HV_PORT_PCI + off % 8, len);
		break;
	case 4:
		if (c->fn.bar[0].at)
			fake_write(b, c->fn.bar[0].at + off % 0x2000, len, value * 0x100000001ull);
		break;
	case 5:
		if (c->fn.bar[0].at)
			fake_read(b, c->fn.bar[0].at + off % 0x2000, len);
		break;
	case 6:
		hv_pci_intx(&c->fn, value & 1);
		break;
	default:
		eventfd_write(hv_msix_fd(c->msix, value % VECTORS), 1);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_LVL_ERR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int slots[CARDS] = {1, 9, 2}; /* two share a line */
	static struct card card[CARDS];
	static struct fake_board b;
	struct hv_pci *pci;

	fake_board_init(&b, 0);
	if (hv_pci_create(&b.vm, &pci, NULL))
		abort();
	for (int i = 0; i < CARDS; i++)
		plug(pci, &card[i], slots[i]);
	for (; size >= 8; data += 8, size -= 8) {
		act(&b, card, data);
		must_be_sound(&b, card);
	}
	for (int i = 0; i < CARDS; i++) {
		hv_pci_unplug(&card[i].fn);
		hv_msix_free(card[i].msix);
		hv_pci_destroy(&card[i].fn);
	}
	fake_board_destroy(&b);
	return 0;
}
