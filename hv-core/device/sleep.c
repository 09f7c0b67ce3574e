/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/device/sleep.h"

#include <stdlib.h>

#define TYPE_SHIFT 2
#define TYPE_MASK  0x1c

struct sleep {
	struct hv_device dev;
	struct hv_vm *vm;
	pthread_mutex_t lock;
	uint8_t type; /* the control register; SLP_EN is only ever written */
};

/* The status register's WAK_STS stays 0: no state the guest would wake from is offered. */
static uint64_t port_read(void *self, uint64_t off, unsigned int len)
{
	const struct sleep *s = self;

	return off == HV_SLEEP_CONTROL ? s->type : 0;
}

static void port_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct sleep *s = self;
	uint8_t v = (uint8_t)value;

	if (off == HV_SLEEP_RESET && v == HV_SLEEP_DO_RESET)
		hv_vm_end(s->vm, HV_END_RESET, NULL);
	if (off != HV_SLEEP_CONTROL)
		return;
	s->type = v & TYPE_MASK;
	if (v & HV_SLEEP_ENABLE && s->type == HV_SLEEP_TYPE_S5 << TYPE_SHIFT)
		hv_vm_end(s->vm, HV_END_POWER_OFF, NULL);
}

static const struct hv_io_ops port_ops = {.read = port_read, .write = port_write};

static void save(void *self, struct hv_out *out)
{
	const struct sleep *s = self;

	hv_out_u8(out, s->type);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct sleep *s = self;

	s->type = hv_in_u8(in);
	if (s->type & ~TYPE_MASK)
		in->bad = true;
	return hv_in_end(in, s->dev.id, e);
}

static void destroy(void *self)
{
	struct sleep *s = self;

	hv_bus_del(s->vm->pio, HV_PORT_SLEEP, s);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const struct hv_device_ops ops = {
	.kind = "sleep", .version = 1, .save = save, .load = load, .destroy = destroy};

int hv_sleep_create(struct hv_vm *vm, struct err *e)
{
	struct sleep *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(e, -ENOMEM, "no memory for the sleep registers");
	s->vm = vm;
	pthread_mutex_init(&s->lock, NULL);
	r = hv_bus_add(vm->pio, HV_PORT_SLEEP, HV_SLEEP_REGS, &port_ops, s, &s->lock, "sleep", e);
	if (r != 0)
		goto destroy_lock;
	r = hv_vm_add(vm, &s->dev, &ops, s, "sleep", e);
	if (r != 0)
		goto del_range;
	return 0;

del_range:
	hv_bus_del(vm->pio, HV_PORT_SLEEP, s);
destroy_lock:
	pthread_mutex_destroy(&s->lock);
	free(s);
	return r;
}
