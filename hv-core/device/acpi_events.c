/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/device/acpi_events.h"

#include "hv-core/device/ged_regs.h"

#include <stdlib.h>

#define SLOTS 32u

struct hv_ged {
	struct hv_device dev;
	struct hv_vm *vm;
	pthread_mutex_t lock;
	uint32_t events, filled, wanted;
	bool still; /* quiesced: the line waits for resume */
	void (*eject)(void *arg, unsigned int slot);
	void *eject_arg;
};

/* The line follows the events: a level, so that none is lost while the guest is at another. */
static void set_line(struct hv_ged *g)
{
	if (!g->still)
		hv_irq_line(g->vm, HV_GSI_GED, g->events != 0);
}

static uint32_t take(uint32_t *reg)
{
	uint32_t v = *reg;

	*reg = 0;
	return v;
}

static uint64_t reg_read(void *self, uint64_t off, unsigned int len)
{
	struct hv_ged *g = self;
	uint32_t v = 0;

	if (len != 4)
		return 0;
	pthread_mutex_lock(&g->lock);
	switch (off) {
	case HV_GED_EVENTS:
		v = take(&g->events);
		set_line(g);
		break;
	case HV_GED_FILLED:
		v = take(&g->filled);
		break;
	case HV_GED_WANTED:
		v = take(&g->wanted);
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&g->lock);
	return v;
}

static void reg_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct hv_ged *g = self;

	if (len != 4 || off != HV_GED_EJECT || value >= SLOTS)
		return;
	pthread_mutex_lock(&g->lock);
	void (*eject)(void *arg, unsigned int slot) = g->eject;
	void *arg = g->eject_arg;
	pthread_mutex_unlock(&g->lock);
	if (eject)
		eject(arg, (unsigned int)value);
}

static const struct hv_io_ops reg_ops = {.read = reg_read, .write = reg_write};

void hv_ged_on_eject(struct hv_ged *g, void (*eject)(void *arg, unsigned int slot), void *arg)
{
	pthread_mutex_lock(&g->lock);
	g->eject = eject;
	g->eject_arg = arg;
	pthread_mutex_unlock(&g->lock);
}

static void raise(struct hv_ged *g, uint32_t event, uint32_t *slots, unsigned int slot)
{
	pthread_mutex_lock(&g->lock);
	if (slots)
		*slots |= 1u << slot % SLOTS;
	g->events |= event;
	set_line(g);
	pthread_mutex_unlock(&g->lock);
}

void hv_ged_power_button(struct hv_ged *g)
{
	raise(g, HV_GED_POWER, NULL, 0);
}

void hv_ged_slot_filled(struct hv_ged *g, unsigned int slot)
{
	raise(g, HV_GED_PCI, &g->filled, slot);
}

void hv_ged_slot_wanted(struct hv_ged *g, unsigned int slot)
{
	raise(g, HV_GED_PCI, &g->wanted, slot);
}

static int quiesce(void *self, struct err *e)
{
	struct hv_ged *g = self;

	pthread_mutex_lock(&g->lock);
	g->still = true;
	pthread_mutex_unlock(&g->lock);
	return 0;
}

static void resume(void *self)
{
	struct hv_ged *g = self;

	pthread_mutex_lock(&g->lock);
	g->still = false;
	set_line(g);
	pthread_mutex_unlock(&g->lock);
}

static void save(void *self, struct hv_out *out)
{
	struct hv_ged *g = self;

	hv_out_u32(out, g->events);
	hv_out_u32(out, g->filled);
	hv_out_u32(out, g->wanted);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct hv_ged *g = self;

	g->events = hv_in_max(in, HV_GED_POWER | HV_GED_PCI);
	g->filled = hv_in_u32(in);
	g->wanted = hv_in_u32(in);
	return hv_in_end(in, g->dev.id, e);
}

static void destroy(void *self)
{
	struct hv_ged *g = self;

	hv_bus_del(g->vm->mmio, HV_GED, g);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static const struct hv_device_ops ops = {
	.kind = "ged",
	.version = 1,
	.quiesce = quiesce,
	.resume = resume,
	.save = save,
	.load = load,
	.destroy = destroy,
};

int hv_ged_create(struct hv_vm *vm, struct hv_ged **ged, struct err *e)
{
	struct hv_ged *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return err_set(e, -ENOMEM, "no memory for ACPI's events");
	g->vm = vm;
	pthread_mutex_init(&g->lock, NULL);
	/* Without a lock of the bus: who is told of an ejection may come back and report events. */
	r = hv_bus_add(vm->mmio, HV_GED, HV_GED_SIZE, &reg_ops, g, NULL, "ged", e);
	if (r != 0)
		goto destroy_lock;
	r = hv_vm_add(vm, &g->dev, &ops, g, "ged", e);
	if (r != 0)
		goto del_range;
	*ged = g;
	return 0;

del_range:
	hv_bus_del(vm->mmio, HV_GED, g);
destroy_lock:
	pthread_mutex_destroy(&g->lock);
	free(g);
	return r;
}
