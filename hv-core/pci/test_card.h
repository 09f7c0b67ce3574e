/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: a bus on the fake board, and cards with BARs of each kind that remember what
 * happens. */
#ifndef HV_CORE_PCI_TEST_CARD_H
#define HV_CORE_PCI_TEST_CARD_H

#include "hv-core/pci/fake_board.h"
#include "hv-core/pci/pci.h"

#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEM_ON	    (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define MEM64	    HV_HIGH
#define BAR(n)	    (PCI_BASE_ADDRESS_0 + 4 * (n))
#define STATUS_INTX PCI_STATUS_INTERRUPT

/* BAR 0: 64 bits, 64 KB; 2: 32 bits, 256 bytes; 3: I/O, 64 ports; 4: prefetchable, 1 MB. */
struct card {
	struct hv_pci_fn fn;
	uint64_t value, off, at[HV_PCI_BARS];
	unsigned int gone, maps;
};

static inline uint64_t card_read(void *self, uint64_t off, unsigned int len)
{
	struct card *c = self;

	c->off = off;
	return c->value;
}

static inline void card_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct card *c = self;

	c->off = off;
	c->value = value;
}

static inline void card_mapped(void *self, unsigned int bar, uint64_t at)
{
	struct card *c = self;

	c->at[bar] = at;
	c->maps++;
}

static inline void card_ejected(void *self)
{
	((struct card *)self)->gone++;
}

static const struct hv_io_ops card_io = {card_read, card_write};
static const struct hv_pci_fn_ops card_ops = {.mapped = card_mapped, .ejected = card_ejected};

struct rig {
	struct fake_board b;
	struct hv_pci *pci;
	struct card card[4];
	unsigned int cards;
};

static inline void make_card(struct card *c)
{
	static const struct hv_pci_id id = {.vendor = 0x1234,
					    .device = 0x5678,
					    .subvendor = 0x9abc,
					    .subdevice = 0xdef0,
					    .class_code = 0x020000,
					    .revision = 3,
					    .intx = true};

	hv_pci_init(&c->fn, &id, &card_ops, c, "card");
	hv_pci_bar(&c->fn, 0, HV_BAR_MEM64, 0x10000, &card_io, c);
	hv_pci_bar(&c->fn, 2, HV_BAR_MEM32, 0x100, &card_io, c);
	hv_pci_bar(&c->fn, 3, HV_BAR_IO, 0x40, &card_io, c);
	hv_pci_bar(&c->fn, 4, HV_BAR_MEM64_PREF, 0x100000, NULL, NULL);
}

static inline struct card *add_card(struct rig *r, int slot)
{
	struct card *c = &r->card[r->cards++];

	make_card(c);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, slot, NULL), 0);
	return c;
}

static inline int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	fake_board_init(&r->b, 0);
	assert_int_equal(hv_pci_create(&r->b.vm, &r->pci, NULL), 0);
	*state = r;
	return 0;
}

static inline int teardown(void **state)
{
	struct rig *r = *state;

	for (unsigned int i = 0; i < r->cards; i++) {
		hv_pci_unplug(&r->card[i].fn);
		hv_pci_destroy(&r->card[i].fn);
	}
	fake_board_destroy(&r->b);
	free(r);
	return 0;
}

#endif
