/* SPDX-License-Identifier: BSD-3-Clause */
/* The port driven as Linux' 8250 driver drives it. */
#include "hv-core/device/fake_vm.h"
#include "hv-core/device/serial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COM HV_PORT_COM1
#define IRQ HV_GSI_COM1

enum { DATA, IER, FCR_IIR, LCR, MCR, LSR, MSR, SCR };

struct test {
	struct fake_vm f;
	struct hv_serial *s;
	char sent[256];
	size_t n_sent;
	int rooms;
};

static void on_out(void *arg, const uint8_t *bytes, size_t len)
{
	struct test *t = arg;

	assert_true(t->n_sent + len < sizeof(t->sent));
	memcpy(t->sent + t->n_sent, bytes, len);
	t->n_sent += len;
}

static void on_room(void *arg)
{
	((struct test *)arg)->rooms++;
}

static void begin(struct test *t)
{
	struct err e = {0};

	memset(t, 0, sizeof(*t));
	fake_vm_init(&t->f);
	assert_int_equal(hv_serial_create(&t->f.vm, COM, IRQ, "com1", on_out, t, &t->s, &e), 0);
	hv_serial_on_room(t->s, on_room, t);
}

static uint8_t in(struct test *t, int reg)
{
	return (uint8_t)fake_in(&t->f, COM + reg, 1);
}

static void out(struct test *t, int reg, uint8_t v)
{
	fake_out(&t->f, COM + reg, 1, v);
}

static size_t input(struct test *t, const char *text, size_t len)
{
	return hv_serial_input(t->s, (const uint8_t *)text, len);
}

/* The steps of autoconfig() and autoconfig_16550a() that tell a 16550A from its relatives. */
static void a_driver_detects_a_16550a(void **state)
{
	struct test t;

	begin(&t);
	out(&t, IER, 0);
	assert_int_equal(in(&t, IER), 0);
	out(&t, IER, 0x0f);
	assert_int_equal(in(&t, IER), 0x0f);
	out(&t, IER, 0);

	/* Loopback: RTS and OUT2 come back as CTS and DCD. */
	out(&t, MCR, 0x10 | 0x0a);
	assert_int_equal(in(&t, MSR) & 0xf0, 0x90);
	out(&t, MCR, 0);
	assert_int_equal(in(&t, MSR) & 0xf0, 0xb0);

	out(&t, LCR, 0xbf); /* an EFR would be seen here */
	out(&t, FCR_IIR, 0);
	out(&t, LCR, 0);
	out(&t, FCR_IIR, 1);
	assert_int_equal(in(&t, FCR_IIR) & 0xf0, 0xc0);
	out(&t, LCR, 0x80);
	assert_int_not_equal(in(&t, FCR_IIR), 0); /* 0: a 16650 */
	out(&t, LCR, 0xbf);
	assert_int_not_equal(in(&t, FCR_IIR), 0);
	out(&t, LCR, 0x80);
	out(&t, FCR_IIR, 0x21); /* a 16750 would show bit 5 */
	assert_int_equal(in(&t, FCR_IIR) & 0xe0, 0xc0);
	out(&t, LCR, 0);
	out(&t, IER, 0x40); /* an XScale keeps this bit */
	assert_int_equal(in(&t, IER), 0);

	out(&t, SCR, 0x5a);
	assert_int_equal(in(&t, SCR), 0x5a);
	out(&t, LCR, 0x83);
	out(&t, DATA, 1);
	out(&t, IER, 2);
	assert_int_equal(in(&t, DATA), 1);
	assert_int_equal(in(&t, IER), 2);
	out(&t, LCR, 3);
	assert_int_equal(in(&t, LCR), 3);
	assert_int_equal(in(&t, IER), 0);
	assert_int_equal(t.n_sent, 0);
	fake_vm_destroy(&t.f);
}

static void the_transmitter_interrupts_when_it_is_empty(void **state)
{
	struct test t;

	begin(&t);
	out(&t, FCR_IIR, 1);
	assert_int_equal(in(&t, FCR_IIR), 0xc1);
	assert_int_equal(in(&t, LSR), 0x60);

	/* As serial8250_do_startup() looks for ports that lose this interrupt: twice. */
	for (int i = 0; i < 2; i++) {
		out(&t, IER, 2);
		assert_true(t.f.line[IRQ]);
		assert_int_equal(in(&t, FCR_IIR), 0xc2);
		assert_false(t.f.line[IRQ]);
		assert_int_equal(in(&t, FCR_IIR), 0xc1);
		out(&t, IER, 0);
	}
	out(&t, IER, 2);
	in(&t, FCR_IIR);
	unsigned int before = t.f.raised[IRQ];
	for (const char *p = "sixteen bytes..."; *p; p++)
		out(&t, DATA, (uint8_t)*p);
	assert_int_equal(t.f.raised[IRQ], before + 1);
	assert_int_equal(in(&t, FCR_IIR), 0xc2);
	assert_int_equal(t.n_sent, 16);
	assert_memory_equal(t.sent, "sixteen bytes...", 16);
	/* Enabling what is enabled is no news. */
	out(&t, IER, 2);
	assert_false(t.f.line[IRQ]);
	fake_vm_destroy(&t.f);
}

static void received_bytes_wait_in_the_fifo(void **state)
{
	struct test t;

	begin(&t);
	out(&t, FCR_IIR, 0x81 | 2); /* FIFO, trigger at 8 */
	out(&t, IER, 1);
	assert_int_equal(input(&t, "abc", 3), 3);
	assert_true(t.f.line[IRQ]);
	assert_int_equal(in(&t, FCR_IIR), 0xcc); /* fewer than 8: as after a timeout */
	assert_int_equal(input(&t, "defgh", 5), 5);
	assert_int_equal(in(&t, FCR_IIR), 0xc4);
	assert_int_equal(input(&t, "ijklmnopqrst", 12), 8);
	assert_int_equal(input(&t, "q", 1), 0);
	for (int i = 0; i < 15; i++) {
		assert_int_equal(in(&t, LSR), 0x61);
		assert_int_equal(in(&t, DATA), 'a' + i);
		assert_true(t.f.line[IRQ]);
	}
	assert_int_equal(t.rooms, 0);
	assert_int_equal(in(&t, DATA), 'p');
	assert_false(t.f.line[IRQ]);
	assert_int_equal(t.rooms, 1);
	assert_int_equal(in(&t, LSR), 0x60);
	assert_int_equal(in(&t, DATA), 0);
	assert_int_equal(t.rooms, 1);
	/* All fit: nobody waits, nobody is called. */
	assert_int_equal(input(&t, "x", 1), 1);
	assert_int_equal(in(&t, DATA), 'x');
	assert_int_equal(t.rooms, 1);
	fake_vm_destroy(&t.f);
}

static void without_fifo_there_is_room_for_one(void **state)
{
	struct test t;

	begin(&t);
	out(&t, IER, 1);
	assert_int_equal(input(&t, "ab", 2), 1);
	assert_int_equal(in(&t, FCR_IIR), 0x04);
	assert_int_equal(in(&t, DATA), 'a');
	assert_int_equal(t.rooms, 1);
	assert_int_equal(input(&t, "b", 1), 1);
	out(&t, FCR_IIR, 1); /* switching FIFOs on empties them */
	assert_int_equal(in(&t, LSR), 0x60);
	assert_int_equal(input(&t, "0123456789abcdefg", 17), 16);
	out(&t, FCR_IIR, 3); /* and so does the bit for it */
	assert_int_equal(in(&t, LSR), 0x60);
	assert_int_equal(t.rooms, 2);
	fake_vm_destroy(&t.f);
}

static void loopback_keeps_to_itself(void **state)
{
	struct test t;

	begin(&t);
	out(&t, FCR_IIR, 1);
	out(&t, IER, 0x0d);
	out(&t, MCR, 0x10);
	/* CTS, DSR and DCD went. */
	assert_int_equal(in(&t, FCR_IIR), 0xc0);
	assert_int_equal(in(&t, MSR), 0x0b);
	assert_int_equal(in(&t, FCR_IIR), 0xc1);
	assert_int_equal(input(&t, "x", 1), 0);
	for (int i = 0; i < 17; i++)
		out(&t, DATA, (uint8_t)i);
	assert_int_equal(t.n_sent, 0);
	assert_int_equal(in(&t, FCR_IIR), 0xc6);
	assert_int_equal(in(&t, LSR), 0x63);
	assert_int_equal(in(&t, LSR), 0x61);
	for (int i = 0; i < 16; i++)
		assert_int_equal(in(&t, DATA), i);
	/* The ring indicator tells when it ends. */
	out(&t, MCR, 0x14);
	assert_int_equal(in(&t, MSR), 0x40);
	out(&t, MCR, 0x10);
	assert_int_equal(in(&t, MSR), 0x04);
	assert_int_equal(t.rooms, 0);
	out(&t, MCR, 0x08);
	assert_int_equal(t.rooms, 1);
	assert_int_equal(input(&t, "x", 1), 1);
	fake_vm_destroy(&t.f);
}

static void a_wide_access_is_several(void **state)
{
	struct test t;

	begin(&t);
	fake_out(&t.f, COM + LCR, 1, 0x80);
	fake_out(&t.f, COM, 2, 0x1234);
	assert_int_equal(fake_in(&t.f, COM, 2), 0x1234);
	assert_int_equal(fake_in(&t.f, COM + LCR, 4), 0xb0600080);
	fake_vm_destroy(&t.f);
}

static void its_state_moves(void **state)
{
	struct test a, b;
	struct hv_out o = {0};
	struct err e = {0};

	begin(&a);
	out(&a, FCR_IIR, 0xc1);
	out(&a, SCR, 0x77);
	out(&a, LCR, 0x80);
	out(&a, IER, 0x03);
	out(&a, LCR, 0x03);
	out(&a, IER, 0x03);
	out(&a, MCR, 0x0b);
	assert_int_equal(input(&a, "0123456789", 10), 10);
	for (int i = 0; i < 3; i++)
		in(&a, DATA);
	assert_int_equal(input(&a, "abcdefghi", 9), 9); /* goes round the end of the buffer */
	fake_save(&a.f, "com1", &o);
	/* Quiesced: it holds still. */
	assert_int_equal(input(&a, "z", 1), 0);

	begin(&b);
	assert_int_equal(fake_load(&b.f, "com1", o.buf, o.len, &e), 0);
	assert_true(b.f.line[IRQ]);
	assert_int_equal(in(&b, IER), 3);
	assert_int_equal(in(&b, MCR), 0x0b);
	assert_int_equal(in(&b, LCR), 3);
	assert_int_equal(in(&b, SCR), 0x77);
	assert_int_equal(in(&b, FCR_IIR), 0xc4);
	for (const char *p = "3456789abcdefghi"; *p; p++)
		assert_int_equal(in(&b, DATA), *p);
	assert_int_equal(in(&b, FCR_IIR), 0xc2); /* the transmitter's was pending behind it */
	assert_int_equal(in(&b, FCR_IIR), 0xc1);
	fake_vm_destroy(&b.f);

	for (size_t len = 0; len < o.len; len++) {
		begin(&b);
		assert_int_equal(fake_load(&b.f, "com1", o.buf, len, &e), -EINVAL);
		assert_non_null(strstr(e.text, "com1"));
		fake_vm_destroy(&b.f);
	}
	/* More bytes than a FIFO holds. */
	begin(&b);
	o.buf[11] = 17;
	assert_int_equal(fake_load(&b.f, "com1", o.buf, o.len, &e), -EINVAL);
	fake_vm_destroy(&b.f);
	/* Resumed, who had bytes is told. */
	struct hv_device *d = fake_vm_device(&a.f, "com1");
	for (int i = 0; i < 16; i++)
		in(&a, DATA);
	d->ops->resume(d->self);
	assert_true(a.rooms > 0);
	hv_out_free(&o);
	fake_vm_destroy(&a.f);
}

static void a_second_port_at_the_same_place_is_refused(void **state)
{
	struct test t;
	struct hv_serial *s;
	struct err e = {0};

	begin(&t);
	assert_int_equal(hv_serial_create(&t.f.vm, COM, 3, "com2", NULL, NULL, &s, &e), -EEXIST);
	assert_int_equal(hv_serial_create(&t.f.vm, 0x2f8, 3, "com1", NULL, NULL, &s, &e), -EEXIST);
	/* What failed is gone from the bus, too; nobody listening is fine. */
	assert_int_equal(hv_serial_create(&t.f.vm, 0x2f8, 3, "com2", NULL, NULL, &s, &e), 0);
	fake_out(&t.f, 0x2f8, 1, 'x');
	fake_vm_destroy(&t.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_detects_a_16550a),
		cmocka_unit_test(the_transmitter_interrupts_when_it_is_empty),
		cmocka_unit_test(received_bytes_wait_in_the_fifo),
		cmocka_unit_test(without_fifo_there_is_room_for_one),
		cmocka_unit_test(loopback_keeps_to_itself),
		cmocka_unit_test(a_wide_access_is_several),
		cmocka_unit_test(its_state_moves),
		cmocka_unit_test(a_second_port_at_the_same_place_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
