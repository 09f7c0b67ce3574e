/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs: sized, placed and moved as Linux does, and as it never would. */
#include "hv-core/pci/test_card.h"

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bars_are_sized_and_placed),
		TEST(ranges_follow_the_registers),
		TEST(a_bar_that_cannot_be_there_is_nowhere),
		TEST(windows_begin_after_memory),
		TEST(a_bar_too_large_has_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
