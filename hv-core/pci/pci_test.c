// SPDX-License-Identifier: BSD-3-Clause
/* Configuration space, BARs, INTx and hot-plug, driven as Linux drives them. */
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

static uint64_t card_read(void *self, uint64_t off, unsigned int len)
{
	struct card *c = self;

	c->off = off;
	return c->value;
}

static void card_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct card *c = self;

	c->off = off;
	c->value = value;
}

static void card_mapped(void *self, unsigned int bar, uint64_t at)
{
	struct card *c = self;

	c->at[bar] = at;
	c->maps++;
}

static void card_ejected(void *self)
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

static void make_card(struct card *c)
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

static struct card *add_card(struct rig *r, int slot)
{
	struct card *c = &r->card[r->cards++];

	make_card(c);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, slot, NULL), 0);
	return c;
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	fake_board_init(&r->b, 0);
	assert_int_equal(hv_pci_create(&r->b.vm, &r->pci, NULL), 0);
	*state = r;
	return 0;
}

static int teardown(void **state)
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

static void slots_are_found_by_both_ways(void **state)
{
	struct rig *r = *state;
	struct fake_board *b = &r->b;

	assert_int_equal(add_card(r, -1)->fn.slot, 1);
	assert_int_equal(add_card(r, 7)->fn.slot, 7);
	assert_int_equal(fake_cfg(b, 0, PCI_CLASS_REVISION, 4), 0x06000000);
	assert_int_equal(fake_cfg(b, 1, 0, 4), 0x56781234);
	assert_int_equal(fake_cfg(b, 7, PCI_CLASS_REVISION, 4), 0x02000003);
	assert_int_equal(fake_cfg(b, 7, PCI_SUBSYSTEM_ID, 2), 0xdef0);
	assert_int_equal(fake_cfg(b, 7, PCI_INTERRUPT_PIN, 1), 1);
	assert_true(fake_read(b, HV_ECAM + (7 << 15), 8) == 0x56781234);
	/* Nobody: an empty slot, another function, another bus, across four bytes. */
	assert_int_equal(fake_cfg(b, 2, 0, 4), 0xffffffff);
	assert_int_equal(fake_read(b, HV_ECAM + (7 << 15) + (1 << 12), 2), 0xffff);
	assert_int_equal(fake_read(b, HV_ECAM + (1 << 20), 4), 0xffffffff);
	assert_int_equal(fake_cfg(b, 7, 2, 4), 0xffffffff);
	assert_int_equal(fake_cfg(b, 7, 0xffe, 4), 0xffffffff);

	/* As pci_check_type1() looks, then as pci_conf1_read() reads. */
	fake_out(b, 0xcfb, 1, 1);
	fake_out(b, 0xcf8, 4, 0x80000000);
	assert_int_equal(fake_in(b, 0xcf8, 4), 0x80000000);
	fake_out(b, 0xcf8, 2, 0x1234);
	assert_int_equal(fake_in(b, 0xcf8, 4), 0x80000000);
	fake_out(b, 0xcf8, 4, 0x80003800);
	assert_int_equal(fake_in(b, 0xcfc, 4), 0x56781234);
	assert_int_equal(fake_in(b, 0xcfe, 2), 0x5678);
	assert_int_equal(fake_in(b, 0xcff, 1), 0x56);
	fake_out(b, 0xcf8, 4, 0x8000383c);
	fake_out(b, 0xcfc, 1, 11);
	assert_int_equal(fake_cfg(b, 7, PCI_INTERRUPT_LINE, 1), 11);
	/* No enable bit, an empty slot, another bus. */
	fake_out(b, 0xcf8, 4, 0x00003800);
	assert_int_equal(fake_in(b, 0xcfc, 4), 0xffffffff);
	fake_out(b, 0xcf8, 4, 0x80001000);
	assert_int_equal(fake_in(b, 0xcfc, 4), 0xffffffff);
	fake_out(b, 0xcf8, 4, 0x80013800);
	assert_int_equal(fake_in(b, 0xcfc, 4), 0xffffffff);
}

static void only_what_may_be_written_is(void **state)
{
	struct rig *r = *state;
	struct card *c = add_card(r, 1);

	fake_cfg_write(&r->b, 1, 0, 4, 0);
	assert_int_equal(fake_cfg(&r->b, 1, 0, 4), 0x56781234);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, 0xffff);
	assert_int_equal(fake_cfg(&r->b, 1, PCI_COMMAND, 2), 0x0547);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, 0);
	c->fn.config[PCI_STATUS + 1] = 0xf1;
	fake_cfg_write(&r->b, 1, PCI_STATUS, 2, 0x3000);
	assert_int_equal(fake_cfg(&r->b, 1, PCI_STATUS, 2), 0xc100);
	fake_cfg_write(&r->b, 1, 0x100, 4, 0xffffffff);
	assert_int_equal(fake_cfg(&r->b, 1, 0x100, 4), 0);
}

static uint32_t size_of(struct rig *r, unsigned int bar)
{
	uint32_t old = fake_cfg(&r->b, 1, BAR(bar), 4), mask;

	fake_cfg_write(&r->b, 1, BAR(bar), 4, 0xffffffff);
	mask = fake_cfg(&r->b, 1, BAR(bar), 4);
	fake_cfg_write(&r->b, 1, BAR(bar), 4, old);
	return mask;
}

static void bars_are_sized_and_placed(void **state)
{
	struct rig *r = *state;
	struct card *c = add_card(r, 1);

	assert_int_equal(size_of(r, 0), 0xffff0004);
	assert_int_equal(size_of(r, 1), 0xffffffff);
	assert_int_equal(size_of(r, 2), 0xffffff00);
	assert_int_equal(size_of(r, 3), 0xffffffc1);
	assert_int_equal(size_of(r, 4), 0xfff0000c);
	/* A guest without firmware finds them in the windows already; nothing is decoded. */
	assert_int_equal(fake_cfg(&r->b, 1, BAR(0), 4), 4);
	assert_int_equal(fake_cfg(&r->b, 1, BAR(1), 4), 1);
	assert_int_equal(fake_cfg(&r->b, 1, BAR(2), 4), HV_MMIO32);
	assert_int_equal(fake_cfg(&r->b, 1, BAR(3), 4), HV_PORT_PCI_IO | 1);
	assert_int_equal(fake_cfg(&r->b, 1, BAR(4), 4), 0x10000c);
	assert_int_equal(c->maps, 0);
	assert_int_equal(fake_read(&r->b, MEM64, 4), 0xffffffff);
	/* A second one's are elsewhere. */
	add_card(r, 2);
	assert_int_equal(fake_cfg(&r->b, 2, BAR(0), 4), 0x10004);
	assert_int_equal(fake_cfg(&r->b, 2, BAR(2), 4), HV_MMIO32 + 0x1000);
	assert_int_equal(fake_cfg(&r->b, 2, BAR(3), 4), HV_PORT_PCI_IO + 0x41);
	assert_int_equal(fake_cfg(&r->b, 2, BAR(4), 4), 0x20000c);
}

static void ranges_follow_the_registers(void **state)
{
	struct rig *r = *state;
	struct card *c = add_card(r, 1);

	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, MEM_ON);
	assert_true(c->at[0] == MEM64 && c->at[2] == HV_MMIO32 && c->at[3] == 0);
	assert_true(c->at[4] == MEM64 + 0x100000);
	fake_write(&r->b, MEM64 + 0x40, 4, 77);
	assert_int_equal(c->off, 0x40);
	assert_int_equal(fake_read(&r->b, HV_MMIO32 + 0xfc, 4), 77);
	assert_int_equal(fake_in(&r->b, HV_PORT_PCI_IO, 4), 0xffffffff);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, MEM_ON | PCI_COMMAND_IO);
	assert_int_equal(fake_in(&r->b, HV_PORT_PCI_IO + 0x3c, 4), 77);

	/* Moved as pci_update_resource() moves it: decoding off, both halves, decoding on. */
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, 0);
	assert_true(c->at[0] == 0 && c->at[2] == 0 && c->at[3] == 0 && c->at[4] == 0);
	fake_cfg_write(&r->b, 1, BAR(0), 4, 0x40000000);
	fake_cfg_write(&r->b, 1, BAR(1), 4, 2);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, MEM_ON);
	assert_true(c->at[0] == 0x240000000);
	assert_int_equal(fake_read(&r->b, MEM64, 4), 0xffffffff);
	assert_int_equal(fake_read(&r->b, 0x240000000 + 0xfffc, 4), 77);
	/* While it is decoded, it moves at once. */
	fake_cfg_write(&r->b, 1, BAR(2), 4, HV_MMIO32 + 0x10000);
	assert_true(c->at[2] == HV_MMIO32 + 0x10000);
	assert_int_equal(fake_read(&r->b, HV_MMIO32 + 0x10000, 4), 77);
	assert_int_equal(fake_read(&r->b, HV_MMIO32, 4), 0xffffffff);
}

static void a_bar_that_cannot_be_there_is_nowhere(void **state)
{
	static const uint32_t outside[] = {0,	       0x1000,	   0xfee00000, HV_ECAM,
					   0xbffffff0, 0xfec00000, 0xffffff00};
	struct rig *r = *state;
	struct card *c = add_card(r, 1), *d = add_card(r, 2);

	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, MEM_ON | PCI_COMMAND_IO);
	fake_cfg_write(&r->b, 2, PCI_COMMAND, 2, MEM_ON | PCI_COMMAND_IO);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		fake_cfg_write(&r->b, 1, BAR(2), 4, outside[i]);
		assert_true(c->at[2] == 0);
	}
	fake_cfg_write(&r->b, 1, BAR(3), 4, 0x60); /* the keyboard's port */
	assert_true(c->at[3] == 0);
	fake_cfg_write(&r->b, 1, BAR(3), 4, 0x1c000);
	assert_true(c->at[3] == 0);
	/* Over the other card's, also where that one has no handler of ours. */
	fake_cfg_write(&r->b, 1, BAR(2), 4, HV_MMIO32 + 0x1000);
	assert_true(c->at[2] == 0 && d->at[2] == HV_MMIO32 + 0x1000);
	fake_cfg_write(&r->b, 1, BAR(0), 4, (uint32_t)d->at[4] + 0x10000);
	assert_true(c->at[0] == 0 && d->at[4] == MEM64 + 0x200000);
	/* The registers hold what was written, and a place that is free is taken again. */
	assert_int_equal(fake_cfg(&r->b, 1, BAR(2), 4), HV_MMIO32 + 0x1000);
	fake_cfg_write(&r->b, 1, BAR(2), 4, HV_MMIO32 + 0x2000);
	assert_true(c->at[2] == HV_MMIO32 + 0x2000);
}

static void windows_begin_after_memory(void **state)
{
	struct hv_vm vm = {.phys_bits = 39};
	struct hv_pci_windows w;

	vm.mem.n = 2;
	vm.mem.region[0] = (struct hv_mem_region){.gpa = 0, .bytes = HV_LOW_END};
	vm.mem.region[1] = (struct hv_mem_region){.gpa = HV_HIGH, .bytes = 0x10200000};
	hv_pci_windows(&vm, &w);
	assert_true(w.mem32 == HV_MMIO32 && w.mem32_bytes == HV_MMIO32_SIZE);
	assert_true(w.mem64 == 0x140000000 && w.mem64_bytes == HV_MMIO64_SIZE);
	vm.phys_bits = 36;
	hv_pci_windows(&vm, &w);
	assert_true(w.mem64 == 0x140000000 && w.mem64 + w.mem64_bytes == 1ull << 36);
	vm.phys_bits = 32;
	hv_pci_windows(&vm, &w);
	assert_true(w.mem64_bytes == 0);
	/* Clear of the hole below 1 TB: before it, cut short, or after it. */
	vm.mem.region[1].bytes = 900ull << 30;
	vm.phys_bits = 40;
	hv_pci_windows(&vm, &w);
	assert_true(w.mem64 == 904ull << 30 && w.mem64 + w.mem64_bytes == HV_HT_HOLE);
	vm.phys_bits = 46;
	hv_pci_windows(&vm, &w);
	assert_true(w.mem64 == HV_HT_HOLE_END && w.mem64_bytes == HV_MMIO64_SIZE);
}

static void a_bar_too_large_has_no_room(void **state)
{
	struct rig *r = *state;
	struct card *c = &r->card[0];
	struct err e = {0};

	make_card(c);
	hv_pci_bar(&c->fn, 2, HV_BAR_MEM32, 0x40000000, &card_io, c);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, 1, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "BAR 2"));
	assert_int_equal(fake_cfg(&r->b, 1, 0, 4), 0xffffffff);
	hv_pci_bar(&c->fn, 2, HV_BAR_MEM32, 0x100, &card_io, c);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, 0, &e), -EBUSY);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, 32, &e), -ENOSPC);
	hv_pci_destroy(&c->fn);
}

static void set_line(struct card *c, bool level)
{
	pthread_mutex_lock(&c->fn.lock);
	hv_pci_intx(&c->fn, level);
	pthread_mutex_unlock(&c->fn.lock);
}

static void a_line_is_up_while_anybody_asserts_it(void **state)
{
	struct rig *r = *state;
	struct card *c = add_card(r, 3), *d = add_card(r, 11), *o = add_card(r, 4);
	const bool *line = &r->b.line[HV_GSI_INTX + 3];

	set_line(c, true);
	set_line(c, true);
	set_line(d, true);
	assert_true(*line);
	assert_int_equal(fake_cfg(&r->b, 3, PCI_STATUS, 2) & STATUS_INTX, STATUS_INTX);
	set_line(c, false);
	assert_true(*line);
	assert_int_equal(fake_cfg(&r->b, 3, PCI_STATUS, 2) & STATUS_INTX, 0);
	/* Disabled: the line goes, the status stays. */
	fake_cfg_write(&r->b, 11, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	assert_false(*line);
	assert_int_equal(fake_cfg(&r->b, 11, PCI_STATUS, 2) & STATUS_INTX, STATUS_INTX);
	fake_cfg_write(&r->b, 11, PCI_COMMAND, 2, 0);
	assert_true(*line);
	/* Who is taken out asserts nothing. */
	hv_pci_unplug(&d->fn);
	assert_false(*line);
	set_line(o, true);
	assert_true(r->b.line[HV_GSI_INTX + 4]);
	assert_false(*line);
}

static void capabilities_make_a_list(void **state)
{
	struct rig *r = *state;
	struct card *c = &r->card[r->cards++];
	unsigned int n = 0;

	make_card(c);
	assert_int_equal(hv_pci_cap(&c->fn, PCI_CAP_ID_PM, 8), 0x40);
	assert_int_equal(hv_pci_cap(&c->fn, PCI_CAP_ID_VNDR, 5), 0x48);
	assert_int_equal(hv_pci_cap(&c->fn, PCI_CAP_ID_EXP, 0x3c), 0x50);
	assert_int_equal(hv_pci_cap(&c->fn, PCI_CAP_ID_VNDR, 0x100), 0);
	assert_int_equal(hv_pci_ecap(&c->fn, 3, 1, 12), 0x100);
	assert_int_equal(hv_pci_ecap(&c->fn, 1, 2, 0x48), 0x10c);
	assert_int_equal(hv_pci_ecap(&c->fn, 1, 2, 0x1000), 0);
	while (hv_pci_cap(&c->fn, PCI_CAP_ID_VNDR, 16))
		n++;
	assert_int_equal(n, (0x100 - 0x8c) / 16);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, 1, NULL), 0);
	assert_int_equal(fake_cfg(&r->b, 1, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST,
			 PCI_STATUS_CAP_LIST);
	assert_int_equal(fake_cap(&r->b, 1, PCI_CAP_ID_PM, 0), 0x40);
	assert_int_equal(fake_cap(&r->b, 1, PCI_CAP_ID_VNDR, 0), 0x48);
	assert_int_equal(fake_cap(&r->b, 1, PCI_CAP_ID_EXP, 0), 0x50);
	assert_int_equal(fake_cap(&r->b, 1, PCI_CAP_ID_VNDR, n + 1), 0);
	assert_int_equal(fake_cfg(&r->b, 1, 0x100, 4), 0x10c10003);
	assert_int_equal(fake_cfg(&r->b, 1, 0x10c, 4), 0x00020001);
}

static void hot_plug_goes_by_the_loop(void **state)
{
	struct rig *r = *state;
	struct hv_ged ged = {0};
	struct card *c = add_card(r, 1), *d;
	struct err e = {0};

	assert_int_equal(hv_pci_unplug_request(&c->fn, &e), -EOPNOTSUPP);
	r->b.vm.loop = event_base_new();
	assert_int_equal(hv_pci_set_ged(r->pci, &ged, NULL), 0);
	assert_int_equal(ged.filled, 0);
	d = add_card(r, 5);
	assert_int_equal(ged.filled, 1 << 5);
	assert_int_equal(hv_pci_unplug_request(&c->fn, &e), 0);
	assert_int_equal(ged.wanted, 1 << 1);
	/* The guest writes the slot's eject register; an empty slot or none does nothing. */
	ged.eject(ged.arg, 1);
	ged.eject(ged.arg, 9);
	ged.eject(ged.arg, 200);
	assert_int_equal(c->gone, 0);
	event_base_loop(r->b.vm.loop, EVLOOP_ONCE);
	assert_int_equal(c->gone, 1);
	assert_int_equal(d->gone, 0);
	/* The host bridge stays. */
	ged.eject(ged.arg, 0);
	event_base_loop(r->b.vm.loop, EVLOOP_ONCE);
	hv_pci_unplug(&c->fn);
	assert_int_equal(fake_cfg(&r->b, 1, 0, 4), 0xffffffff);
	assert_int_equal(fake_cfg(&r->b, 0, 0, 2), 0x1b36);
	assert_int_equal(hv_pci_plug(r->pci, &c->fn, -1, NULL), 0);
	assert_int_equal(fake_cfg(&r->b, 1, 0, 4), 0x56781234);
}

static int teardown_loop(void **state)
{
	struct event_base *loop = ((struct rig *)*state)->b.vm.loop;

	teardown(state);
	event_base_free(loop);
	return 0;
}

static void a_function_is_saved_and_loaded(void **state)
{
	struct rig *r = *state;
	struct card *c = add_card(r, 1), *d;
	struct hv_out out = {0};
	struct err e = {0};

	fake_cfg_write(&r->b, 1, BAR(2), 4, HV_MMIO32 + 0x4000);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, MEM_ON);
	fake_cfg_write(&r->b, 1, PCI_INTERRUPT_LINE, 1, 5);
	set_line(c, true);
	hv_pci_fn_save(&c->fn, &out);
	hv_pci_unplug(&c->fn);
	d = add_card(r, 1);
	for (size_t len = 0; len < out.len; len += len < 70 ? 1 : 509) {
		struct hv_in cut = {out.buf, len, false};

		assert_int_equal(hv_pci_fn_load(&d->fn, &cut, &e), -EINVAL);
	}
	struct hv_in in = {out.buf, out.len, false};
	assert_int_equal(hv_pci_fn_load(&d->fn, &in, NULL), 0);
	assert_int_equal(hv_in_end(&in, "card", NULL), 0);
	assert_true(d->at[2] == HV_MMIO32 + 0x4000 && d->at[0] == MEM64);
	assert_int_equal(fake_cfg(&r->b, 1, PCI_INTERRUPT_LINE, 1), 5);
	assert_true(r->b.line[HV_GSI_INTX + 1]);
	/* Another device, or another BAR, is refused. */
	out.buf[6 * 9 + 1 + PCI_DEVICE_ID]++;
	in = (struct hv_in){out.buf, out.len, false};
	assert_int_equal(hv_pci_fn_load(&d->fn, &in, &e), -EINVAL);
	assert_non_null(strstr(e.text, "another device"));
	out.buf[2 * 9 + 2]++;
	in = (struct hv_in){out.buf, out.len, false};
	assert_int_equal(hv_pci_fn_load(&d->fn, &in, &e), -EINVAL);
	assert_non_null(strstr(e.text, "another BAR 2"));
	hv_out_free(&out);
}

static void the_bus_is_saved_and_loaded(void **state)
{
	struct rig *r = *state;
	struct hv_device *d = r->b.vm.devices;
	struct hv_out out = {0};

	fake_out(&r->b, 0xcf8, 4, 0x80000810);
	d->ops->save(d->self, &out);
	fake_out(&r->b, 0xcf8, 4, 0);
	for (size_t len = 0; len < out.len; len += 101) {
		struct hv_in cut = {out.buf, len, false};

		assert_int_equal(d->ops->load(d->self, &cut, 1, NULL), -EINVAL);
	}
	struct hv_in in = {out.buf, out.len, false};
	assert_int_equal(d->ops->load(d->self, &in, 1, NULL), 0);
	assert_int_equal(fake_in(&r->b, 0xcf8, 4), 0x80000810);
	hv_out_free(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slots_are_found_by_both_ways),
		TEST(only_what_may_be_written_is),
		TEST(bars_are_sized_and_placed),
		TEST(ranges_follow_the_registers),
		TEST(a_bar_that_cannot_be_there_is_nowhere),
		TEST(windows_begin_after_memory),
		TEST(a_bar_too_large_has_no_room),
		TEST(a_line_is_up_while_anybody_asserts_it),
		TEST(capabilities_make_a_list),
		cmocka_unit_test_setup_teardown(hot_plug_goes_by_the_loop, setup, teardown_loop),
		TEST(a_function_is_saved_and_loaded),
		TEST(the_bus_is_saved_and_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
