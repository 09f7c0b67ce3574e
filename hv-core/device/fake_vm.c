/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/device/fake_vm.h"

#include <stdlib.h>
#include <string.h>

#define RANGES 16

struct range {
	uint64_t base, bytes;
	const struct hv_io_ops *ops;
	void *self;
	pthread_mutex_t *lock;
};

struct hv_bus {
	struct range range[RANGES];
};

struct hv_bus *hv_bus_new(void)
{
	return calloc(1, sizeof(struct hv_bus));
}

void hv_bus_free(struct hv_bus *b)
{
	free(b);
}

int hv_bus_add(struct hv_bus *b, uint64_t base, uint64_t bytes, const struct hv_io_ops *ops,
	       void *self, pthread_mutex_t *lock, const char *name, struct err *e)
{
	struct range *unused = NULL;

	for (struct range *r = b->range; r < b->range + RANGES; r++) {
		if (!r->ops)
			unused = r;
		else if (base < r->base + r->bytes && r->base < base + bytes)
			return err_set(e, -EEXIST, "%s overlaps another range", name);
	}
	if (!unused)
		return err_set(e, -ENOMEM, "no more than %d ranges in a test", RANGES);
	*unused = (struct range){base, bytes, ops, self, lock};
	return 0;
}

void hv_bus_del(struct hv_bus *b, uint64_t base, void *self)
{
	for (struct range *r = b->range; r < b->range + RANGES; r++)
		if (r->ops && r->base == base && r->self == self)
			r->ops = NULL;
}

static const struct range *find(const struct hv_bus *b, uint64_t addr, unsigned int len)
{
	for (const struct range *r = b->range; r < b->range + RANGES; r++)
		if (r->ops && addr >= r->base && addr - r->base + len <= r->bytes)
			return r;
	return NULL;
}

bool hv_bus_read(struct hv_bus *b, uint64_t addr, unsigned int len, uint64_t *value)
{
	const struct range *r = find(b, addr, len);

	*value = len == 8 ? ~0ull : (1ull << (8 * len)) - 1;
	if (!r)
		return false;
	if (r->lock)
		pthread_mutex_lock(r->lock);
	*value &= r->ops->read(r->self, addr - r->base, len);
	if (r->lock)
		pthread_mutex_unlock(r->lock);
	return true;
}

bool hv_bus_write(struct hv_bus *b, uint64_t addr, unsigned int len, uint64_t value)
{
	const struct range *r = find(b, addr, len);

	if (!r)
		return false;
	if (r->lock)
		pthread_mutex_lock(r->lock);
	r->ops->write(r->self, addr - r->base, len, value);
	if (r->lock)
		pthread_mutex_unlock(r->lock);
	return true;
}

int hv_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	struct fake_vm *f = (struct fake_vm *)vm; /* its first member */

	if (gsi >= HV_GSI_PINS)
		return -EINVAL;
	f->raised[gsi] += level && !f->line[gsi];
	f->line[gsi] = level;
	return 0;
}

int hv_vm_add(struct hv_vm *vm, struct hv_device *d, const struct hv_device_ops *ops, void *self,
	      const char *id, struct err *e)
{
	struct hv_device **last = &vm->devices;

	if (strlen(id) >= sizeof(d->id))
		return err_set(e, -ENAMETOOLONG, "%s is too long", id);
	for (; *last; last = &(*last)->next)
		if (strcmp((*last)->id, id) == 0)
			return err_set(e, -EEXIST, "there is %s already", id);
	*d = (struct hv_device){.ops = ops, .self = self};
	memcpy(d->id, id, strlen(id));
	*last = d;
	return 0;
}

void hv_vm_end(struct hv_vm *vm, enum hv_end end, const char *why)
{
	if (vm->end == HV_END_NONE)
		vm->end = end;
}

void fake_vm_init(struct fake_vm *f)
{
	*f = (struct fake_vm){.vm = {.mmio = hv_bus_new(), .pio = hv_bus_new()}};
}

void fake_vm_destroy(struct fake_vm *f)
{
	struct hv_device *d = f->vm.devices;

	while (d) {
		struct hv_device *next = d->next;

		d->ops->destroy(d->self);
		d = next;
	}
	hv_bus_free(f->vm.mmio);
	hv_bus_free(f->vm.pio);
}

struct hv_device *fake_vm_device(struct fake_vm *f, const char *id)
{
	struct hv_device *d = f->vm.devices;

	while (d && strcmp(d->id, id) != 0)
		d = d->next;
	return d;
}

uint64_t fake_in(struct fake_vm *f, uint64_t port, unsigned int len)
{
	uint64_t v;

	hv_bus_read(f->vm.pio, port, len, &v);
	return v;
}

void fake_out(struct fake_vm *f, uint64_t port, unsigned int len, uint64_t v)
{
	hv_bus_write(f->vm.pio, port, len, v);
}

uint64_t fake_read(struct fake_vm *f, uint64_t addr, unsigned int len)
{
	uint64_t v;

	hv_bus_read(f->vm.mmio, addr, len, &v);
	return v;
}

void fake_write(struct fake_vm *f, uint64_t addr, unsigned int len, uint64_t v)
{
	hv_bus_write(f->vm.mmio, addr, len, v);
}

void fake_save(struct fake_vm *f, const char *id, struct hv_out *out)
{
	struct hv_device *d = fake_vm_device(f, id);
	struct err e;

	if (d->ops->quiesce && d->ops->quiesce(d->self, &e) != 0)
		abort();
	d->ops->save(d->self, out);
}

int fake_load(struct fake_vm *f, const char *id, const void *p, size_t len, struct err *e)
{
	struct hv_device *d = fake_vm_device(f, id);
	struct hv_in in = {p, len, false};
	int r = d->ops->load(d->self, &in, d->ops->version, e);

	if (r == 0 && d->ops->resume)
		d->ops->resume(d->self);
	return r;
}
