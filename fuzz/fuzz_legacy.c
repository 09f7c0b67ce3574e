/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial port, ACPI's events, sleep and reset, and the keyboard controller, as a hostile guest
 * drives them: accesses of any kind, with input, buttons, slots and snapshots in between. Whatever
 * it does, a device's saved state loads again and behaves the same.
 */
#include "hv-core/device/acpi_events.h"
#include "hv-core/device/fake_vm.h"
#include "hv-core/device/i8042.h"
#include "hv-core/device/serial.h"
#include "hv-core/device/sleep.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const ids[] = {"com1", "ged", "sleep", "i8042"};
#define DEVICES (sizeof(ids) / sizeof(ids[0]))

struct machine {
	struct fake_vm f;
	struct hv_serial *serial;
	struct hv_ged *ged;
};

/* Devices point to their machine, so it stays where it is made. */
static struct machine *make(void)
{
	struct machine *m = malloc(sizeof(*m));
	struct err e;

	if (!m)
		abort();
	fake_vm_init(&m->f);
	if (hv_serial_create(&m->f.vm, HV_PORT_COM1, HV_GSI_COM1, "com1", NULL, NULL, &m->serial,
			     &e) != 0 ||
	    hv_ged_create(&m->f.vm, &m->ged, &e) != 0 || hv_sleep_create(&m->f.vm, &e) != 0 ||
	    hv_i8042_create(&m->f.vm, &e) != 0)
		abort();
	return m;
}

static void unmake(struct machine *m)
{
	fake_vm_destroy(&m->f);
	free(m);
}

/* Any of the ports, and some around them. */
static uint64_t port_of(uint8_t b)
{
	static const uint16_t base[] = {HV_PORT_COM1, HV_PORT_SLEEP, HV_PORT_I8042_DATA,
					HV_PORT_COM1 - 2};

	return base[b >> 6] + (b & 7u);
}

static void save_all(struct machine *m, struct hv_out out[DEVICES])
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		struct hv_device *d = fake_vm_device(&m->f, ids[i]);

		fake_save(&m->f, ids[i], &out[i]);
		if (d->ops->resume)
			d->ops->resume(d->self);
	}
}

/* To a fresh machine, which must have the same state and lines. */
static struct machine *move(struct machine *m)
{
	struct hv_out before[DEVICES] = {0}, after[DEVICES] = {0};
	struct machine *to = make();
	struct err e;

	save_all(m, before);
	for (unsigned int i = 0; i < DEVICES; i++)
		if (fake_load(&to->f, ids[i], before[i].buf, before[i].len, &e) != 0)
			abort();
	save_all(to, after);
	for (unsigned int i = 0; i < DEVICES; i++) {
		if (before[i].len != after[i].len ||
		    memcmp(before[i].buf, after[i].buf, after[i].len) != 0)
			abort();
		hv_out_free(&before[i]);
		hv_out_free(&after[i]);
	}
	if (memcmp(m->f.line, to->f.line, sizeof(to->f.line)) != 0)
		abort();
	unmake(m);
	return to;
}

/* State from anywhere: refused or taken, and what was taken can be saved. */
static void load(uint8_t which, const uint8_t *p, size_t len)
{
	const char *id = ids[which % DEVICES];
	struct hv_out out = {0};
	struct machine *m = make();
	struct err e = {0};

	if (fake_load(&m->f, id, p, len, &e) == 0)
		fake_save(&m->f, id, &out);
	else if (!e.text[0])
		abort();
	hv_out_free(&out);
	unmake(m);
}

/* One step: what, and up to three bytes. Returns the machine that goes on. */
static struct machine *step(struct machine *m, const uint8_t s[4])
{
	unsigned int len = 1u << (s[0] >> 6);
	uint64_t value = s[2] * 0x0101010101010101ull;

	switch (s[0] & 7) {
	case 0:
		if (len < 8)
			fake_in(&m->f, port_of(s[1]), len);
		break;
	case 1:
		if (len < 8)
			fake_out(&m->f, port_of(s[1]), len, value);
		break;
	case 2:
		fake_read(&m->f, HV_GED + s[1], len);
		break;
	case 3:
		fake_write(&m->f, HV_GED + s[1], len, s[2]);
		break;
	case 4:
		if (hv_serial_input(m->serial, s + 1, 1 + s[1] % 3) > 3)
			abort();
		break;
	case 5:
		hv_ged_slot_filled(m->ged, s[1]);
		hv_ged_slot_wanted(m->ged, s[2]);
		break;
	case 6:
		hv_ged_power_button(m->ged);
		break;
	default:
		return move(m);
	}
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = make();

	for (size_t at = 0; at + 4 <= size; at += 4)
		m = step(m, data + at);
	unmake(move(m));
	if (size)
		load(data[0], data + 1, size - 1);
	return 0;
}
