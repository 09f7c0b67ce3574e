/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space, capabilities, INTx, hot-plug and state, driven as Linux drives them. */
#include "hv-core/pci/test_card.h"

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
		TEST(a_line_is_up_while_anybody_asserts_it),
		TEST(capabilities_make_a_list),
		cmocka_unit_test_setup_teardown(hot_plug_goes_by_the_loop, setup, teardown_loop),
		TEST(a_function_is_saved_and_loaded),
		TEST(the_bus_is_saved_and_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
