/* SPDX-License-Identifier: BSD-3-Clause */
/* ACPI's events, sleep and reset, and the keyboard controller, driven as a guest drives them. */
#include "hv-core/device/acpi_events.h"
#include "hv-core/device/fake_vm.h"
#include "hv-core/device/ged_regs.h"
#include "hv-core/device/i8042.h"
#include "hv-core/device/sleep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct test {
	struct fake_vm f;
	struct hv_ged *ged;
	unsigned int ejected, ejections;
};

static void on_eject(void *arg, unsigned int slot)
{
	struct test *t = arg;

	t->ejected = slot;
	t->ejections++;
	/* Its lock is free. */
	hv_ged_slot_wanted(t->ged, slot);
}

static void begin(struct test *t)
{
	struct err e = {0};

	memset(t, 0, sizeof(*t));
	fake_vm_init(&t->f);
	assert_int_equal(hv_ged_create(&t->f.vm, &t->ged, &e), 0);
	assert_int_equal(hv_sleep_create(&t->f.vm, &e), 0);
	assert_int_equal(hv_i8042_create(&t->f.vm, &e), 0);
}

static uint32_t ged(struct test *t, unsigned int reg)
{
	return (uint32_t)fake_read(&t->f, HV_GED + reg, 4);
}

static void events_come_and_are_taken(void **state)
{
	struct test t;

	begin(&t);
	assert_int_equal(ged(&t, HV_GED_EVENTS), 0);
	hv_ged_power_button(t.ged);
	assert_true(t.f.line[HV_GSI_GED]);
	hv_ged_slot_filled(t.ged, 3);
	hv_ged_slot_filled(t.ged, 31);
	hv_ged_slot_wanted(t.ged, 4);
	assert_int_equal(t.f.raised[HV_GSI_GED], 1);
	/* Of another width or place: nothing, and nothing is lost. */
	assert_int_equal(fake_read(&t.f, HV_GED, 8), 0);
	assert_int_equal(fake_read(&t.f, HV_GED, 1), 0);
	assert_int_equal(fake_read(&t.f, HV_GED + 0x10, 4), 0);
	assert_int_equal(fake_read(&t.f, HV_GED + 2, 4), 0);
	assert_true(t.f.line[HV_GSI_GED]);
	assert_int_equal(ged(&t, HV_GED_EVENTS), HV_GED_POWER | HV_GED_PCI);
	assert_false(t.f.line[HV_GSI_GED]);
	assert_int_equal(ged(&t, HV_GED_EVENTS), 0);
	assert_true(ged(&t, HV_GED_FILLED) == (1u << 3 | 1u << 31));
	assert_int_equal(ged(&t, HV_GED_FILLED), 0);
	assert_int_equal(ged(&t, HV_GED_WANTED), 1u << 4);
	assert_int_equal(ged(&t, HV_GED_WANTED), 0);
	fake_vm_destroy(&t.f);
}

static void an_ejected_slot_is_told(void **state)
{
	struct test t;

	begin(&t);
	fake_write(&t.f, HV_GED + HV_GED_EJECT, 4, 5); /* nobody is interested */
	hv_ged_on_eject(t.ged, on_eject, &t);
	fake_write(&t.f, HV_GED + HV_GED_EJECT, 4, 7);
	assert_int_equal(t.ejected, 7);
	assert_int_equal(ged(&t, HV_GED_WANTED), 1u << 7);
	fake_write(&t.f, HV_GED + HV_GED_EJECT, 4, 32);
	fake_write(&t.f, HV_GED + HV_GED_EJECT, 2, 8);
	fake_write(&t.f, HV_GED + HV_GED_FILLED, 4, 8);
	fake_write(&t.f, HV_GED + 0xffc, 4, 8);
	assert_int_equal(t.ejections, 1);
	fake_vm_destroy(&t.f);
}

static void pending_events_move(void **state)
{
	struct test a, b;
	struct hv_out o = {0};
	struct err e = {0};

	begin(&a);
	hv_ged_slot_filled(a.ged, 9);
	ged(&a, HV_GED_EVENTS);
	hv_ged_power_button(a.ged);
	hv_ged_slot_wanted(a.ged, 2);
	fake_save(&a.f, "ged", &o);
	begin(&b);
	assert_int_equal(fake_load(&b.f, "ged", o.buf, o.len, &e), 0);
	assert_true(b.f.line[HV_GSI_GED]);
	assert_int_equal(ged(&b, HV_GED_EVENTS), HV_GED_POWER | HV_GED_PCI);
	assert_false(b.f.line[HV_GSI_GED]);
	assert_int_equal(ged(&b, HV_GED_FILLED), 1u << 9);
	assert_int_equal(ged(&b, HV_GED_WANTED), 1u << 2);
	for (size_t len = 0; len < o.len; len++)
		assert_int_equal(fake_load(&b.f, "ged", o.buf, len, &e), -EINVAL);
	o.buf[0] |= 4; /* an event there is not */
	assert_int_equal(fake_load(&b.f, "ged", o.buf, o.len, &e), -EINVAL);
	hv_out_free(&o);
	fake_vm_destroy(&a.f);
	fake_vm_destroy(&b.f);
}

/* What comes while it holds still interrupts only then. */
static void a_button_pressed_while_quiesced_waits(void **state)
{
	struct test t;
	struct hv_out o = {0};

	begin(&t);
	fake_save(&t.f, "ged", &o);
	hv_ged_power_button(t.ged);
	assert_false(t.f.line[HV_GSI_GED]);
	struct hv_device *d = fake_vm_device(&t.f, "ged");
	d->ops->resume(d->self);
	assert_true(t.f.line[HV_GSI_GED]);
	assert_int_equal(ged(&t, HV_GED_EVENTS), HV_GED_POWER);
	hv_out_free(&o);
	fake_vm_destroy(&t.f);
}

static void only_s5_powers_off(void **state)
{
	struct test t;

	begin(&t);
	fake_out(&t.f, HV_PORT_SLEEP, 1, 5 << 2); /* the type alone, as ACPICA writes it first */
	assert_int_equal(fake_in(&t.f, HV_PORT_SLEEP, 1), 5 << 2);
	fake_out(&t.f, HV_PORT_SLEEP, 1, 3 << 2 | 0x20);
	fake_out(&t.f, HV_PORT_SLEEP + 1, 1, 5 << 2 | 0x20);
	fake_out(&t.f, HV_PORT_SLEEP + 2, 1, 0);
	assert_int_equal(fake_in(&t.f, HV_PORT_SLEEP + 1, 1), 0);
	assert_int_equal(t.f.vm.end, HV_END_NONE);
	fake_out(&t.f, HV_PORT_SLEEP, 1, 5 << 2 | 0x20);
	assert_int_equal(t.f.vm.end, HV_END_POWER_OFF);
	fake_vm_destroy(&t.f);
	begin(&t);
	fake_out(&t.f, HV_PORT_SLEEP + 2, 1, 1);
	assert_int_equal(t.f.vm.end, HV_END_RESET);
	fake_vm_destroy(&t.f);
}

static uint8_t i8042_answer(struct test *t, uint8_t command)
{
	fake_out(&t->f, 0x64, 1, command);
	assert_int_equal(fake_in(&t->f, 0x64, 1) & 1, 1);
	uint8_t v = (uint8_t)fake_in(&t->f, 0x60, 1);
	assert_int_equal(fake_in(&t->f, 0x64, 1) & 3, 0); /* read, and ready for the next */
	return v;
}

/* Linux' i8042_check_aux() and i8042_controller_init(): answers at once, and no mouse. */
static void the_keyboard_controller_answers(void **state)
{
	struct test t;

	begin(&t);
	assert_int_equal(fake_in(&t.f, 0x64, 1), 0);
	assert_int_equal(i8042_answer(&t, 0xaa), 0x55);
	assert_int_equal(fake_in(&t.f, 0x64, 1), 4);
	assert_int_equal(i8042_answer(&t, 0x20), 4);
	fake_out(&t.f, 0x64, 1, 0x60);
	fake_out(&t.f, 0x60, 1, 0x74);
	assert_int_equal(i8042_answer(&t, 0x20), 0x74);
	fake_out(&t.f, 0x64, 1, 0xae);
	fake_out(&t.f, 0x64, 1, 0xa8);
	assert_int_equal(i8042_answer(&t, 0x20), 0x44);
	fake_out(&t.f, 0x64, 1, 0xad);
	fake_out(&t.f, 0x64, 1, 0xa7);
	assert_int_equal(i8042_answer(&t, 0x20), 0x74);
	fake_out(&t.f, 0x64, 1, 0xd3);
	fake_out(&t.f, 0x60, 1, 0x5a);
	assert_int_equal(fake_in(&t.f, 0x64, 1) & 0x21, 1); /* not marked as the mouse's */
	assert_int_equal(fake_in(&t.f, 0x60, 1), 0x5a);
	assert_int_equal(i8042_answer(&t, 0xa9), 2);
	assert_int_equal(i8042_answer(&t, 0xab), 0);
	assert_int_equal(i8042_answer(&t, 0xd0), 3);
	fake_out(&t.f, 0x60, 1, 0xff); /* a keyboard would answer this */
	assert_int_equal(fake_in(&t.f, 0x64, 1) & 1, 0);
	fake_out(&t.f, 0x64, 1, 0xff);
	fake_out(&t.f, 0x64, 1, 0xd1);
	fake_out(&t.f, 0x60, 1, 3);
	assert_int_equal(t.f.vm.end, HV_END_NONE);
	fake_out(&t.f, 0x64, 1, 0xfe);
	assert_int_equal(t.f.vm.end, HV_END_RESET);
	t.f.vm.end = HV_END_NONE;
	fake_out(&t.f, 0x64, 1, 0xd1);
	fake_out(&t.f, 0x60, 1, 2);
	assert_int_equal(t.f.vm.end, HV_END_RESET);
	fake_vm_destroy(&t.f);
}

static void small_states_move(void **state)
{
	static const char *const ids[] = {"sleep", "i8042"};
	struct test a, b;
	struct err e = {0};

	begin(&a);
	begin(&b);
	fake_out(&a.f, HV_PORT_SLEEP, 1, 4 << 2);
	fake_out(&a.f, 0x64, 1, 0xaa);
	fake_out(&a.f, 0x64, 1, 0xd3);
	for (int i = 0; i < 2; i++) {
		struct hv_out o = {0};

		fake_save(&a.f, ids[i], &o);
		for (size_t len = 0; len < o.len; len++)
			assert_int_equal(fake_load(&b.f, ids[i], o.buf, len, &e), -EINVAL);
		assert_int_equal(fake_load(&b.f, ids[i], o.buf, o.len, &e), 0);
		hv_out_u8(&o, 0);
		assert_int_equal(fake_load(&b.f, ids[i], o.buf, o.len, &e), -EINVAL);
		assert_int_equal(fake_load(&b.f, ids[i], o.buf, o.len - 1, &e), 0);
		hv_out_free(&o);
	}
	assert_int_equal(fake_in(&b.f, HV_PORT_SLEEP, 1), 4 << 2);
	assert_int_equal(fake_in(&b.f, 0x64, 1), 5);
	assert_int_equal(fake_in(&b.f, 0x60, 1), 0x55);
	fake_out(&b.f, 0x60, 1, 0x21); /* the loop command's parameter */
	assert_int_equal(fake_in(&b.f, 0x60, 1), 0x21);
	assert_int_equal(fake_load(&b.f, "sleep", "\x20", 1, &e), -EINVAL);
	assert_int_equal(fake_load(&b.f, "i8042", "\0\0\2\0", 4, &e), -EINVAL);
	fake_vm_destroy(&a.f);
	fake_vm_destroy(&b.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_and_are_taken),
		cmocka_unit_test(an_ejected_slot_is_told),
		cmocka_unit_test(pending_events_move),
		cmocka_unit_test(a_button_pressed_while_quiesced_waits),
		cmocka_unit_test(only_s5_powers_off),
		cmocka_unit_test(the_keyboard_controller_answers),
		cmocka_unit_test(small_states_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
