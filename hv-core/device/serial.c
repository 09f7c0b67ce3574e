/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/device/serial.h"

#include "hv-core/device/uart.h"

#include <stdlib.h>

struct hv_serial {
	struct hv_device dev;
	struct hv_vm *vm;
	struct hv_uart uart;
	pthread_mutex_t lock;
	uint16_t port;
	unsigned int gsi;
	bool line;   /* as the IOAPIC knows it */
	bool hungry; /* somebody has bytes that did not fit */
	bool still;  /* quiesced */
	void (*out)(void *arg, const uint8_t *bytes, size_t len);
	void *out_arg;
	void (*room)(void *arg);
	void *room_arg;
};

/* Locked. */
static void set_line(struct hv_serial *s)
{
	bool line = hv_uart_line(&s->uart);

	if (line != s->line) {
		s->line = line;
		hv_irq_line(s->vm, s->gsi, line);
	}
}

/* After each access of the guest. Locked. */
static void changed(struct hv_serial *s)
{
	set_line(s);
	if (s->hungry && !s->uart.count && hv_uart_room(&s->uart)) {
		s->hungry = false;
		if (s->room)
			s->room(s->room_arg);
	}
}

/* The bus is a byte wide: a wider access is several. */
static uint64_t port_read(void *self, uint64_t off, unsigned int len)
{
	struct hv_serial *s = self;
	uint64_t v = 0;

	for (unsigned int i = 0; i < len; i++)
		v |= (uint64_t)hv_uart_read(&s->uart, (unsigned int)off + i) << (8 * i);
	changed(s);
	return v;
}

static void port_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct hv_serial *s = self;
	uint8_t byte;

	for (unsigned int i = 0; i < len; i++)
		if (hv_uart_write(&s->uart, (unsigned int)off + i, (uint8_t)(value >> (8 * i)),
				  &byte) &&
		    s->out)
			s->out(s->out_arg, &byte, 1);
	changed(s);
}

static const struct hv_io_ops port_ops = {.read = port_read, .write = port_write};

size_t hv_serial_input(struct hv_serial *s, const uint8_t *bytes, size_t len)
{
	pthread_mutex_lock(&s->lock);
	size_t room = s->still ? 0 : hv_uart_room(&s->uart), n = len < room ? len : room;

	hv_uart_receive(&s->uart, bytes, n);
	s->hungry = n < len;
	set_line(s);
	pthread_mutex_unlock(&s->lock);
	return n;
}

void hv_serial_on_room(struct hv_serial *s, void (*room)(void *arg), void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->room = room;
	s->room_arg = arg;
	pthread_mutex_unlock(&s->lock);
}

static int quiesce(void *self, struct err *e)
{
	struct hv_serial *s = self;

	pthread_mutex_lock(&s->lock);
	s->still = true;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* The IOAPIC may be a restored one that does not know the line's level. */
static void resume(void *self)
{
	struct hv_serial *s = self;

	pthread_mutex_lock(&s->lock);
	s->still = false;
	s->line = hv_uart_line(&s->uart);
	hv_irq_line(s->vm, s->gsi, s->line);
	changed(s);
	pthread_mutex_unlock(&s->lock);
}

static void save(void *self, struct hv_out *out)
{
	struct hv_serial *s = self;

	hv_uart_save(&s->uart, out);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct hv_serial *s = self;

	hv_uart_load(&s->uart, in);
	return hv_in_end(in, s->dev.id, e);
}

static void destroy(void *self)
{
	struct hv_serial *s = self;

	hv_bus_del(s->vm->pio, s->port, s);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const struct hv_device_ops ops = {
	.kind = "serial",
	.version = 1,
	.quiesce = quiesce,
	.resume = resume,
	.save = save,
	.load = load,
	.destroy = destroy,
};

int hv_serial_create(struct hv_vm *vm, uint16_t port, unsigned int gsi, const char *id,
		     void (*out)(void *arg, const uint8_t *bytes, size_t len), void *arg,
		     struct hv_serial **serial, struct err *e)
{
	struct hv_serial *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "no memory for a serial port");
	*s = (struct hv_serial){.vm = vm, .port = port, .gsi = gsi, .out = out, .out_arg = arg};
	pthread_mutex_init(&s->lock, NULL);
	hv_uart_reset(&s->uart);
	r = hv_bus_add(vm->pio, port, HV_UART_REGS, &port_ops, s, &s->lock, "serial", e);
	if (r != 0)
		goto destroy_lock;
	r = hv_vm_add(vm, &s->dev, &ops, s, id, e);
	if (r != 0)
		goto del_range;
	*serial = s;
	return 0;

del_range:
	hv_bus_del(vm->pio, port, s);
destroy_lock:
	pthread_mutex_destroy(&s->lock);
	free(s);
	return r;
}
