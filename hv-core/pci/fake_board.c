/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/pci/fake_board.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

static struct fake_board *board(struct hv_vm *vm)
{
	return (struct fake_board *)vm; /* its first member */
}

int hv_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	if (gsi >= HV_GSI_PINS)
		return -EINVAL;
	board(vm)->line[gsi] = level;
	return 0;
}

int hv_msi_alloc(struct hv_vm *vm)
{
	for (int i = 0; i < FAKE_MSIS; i++)
		if (!board(vm)->msi[i].taken) {
			board(vm)->msi[i] = (struct fake_msi){.taken = true, .fd = -1};
			return HV_GSI_MSI + i;
		}
	return -ENOSPC;
}

void hv_msi_free(struct hv_vm *vm, unsigned int gsi)
{
	struct fake_msi *m = &board(vm)->msi[gsi - HV_GSI_MSI];

	if (!m->taken || m->fd >= 0)
		abort();
	m->taken = false;
}

int hv_msi_set(struct hv_vm *vm, unsigned int gsi, uint64_t address, uint32_t data)
{
	struct fake_msi *m = &board(vm)->msi[gsi - HV_GSI_MSI];

	if (!m->taken)
		abort();
	m->address = address;
	m->data = data;
	return 0;
}

/* What is in the descriptor, a message or none. Bound, KVM takes each as it is written. */
static void take(struct fake_msi *m)
{
	eventfd_t n;

	if (eventfd_read(m->fd, &n) == 0)
		m->sent++;
}

/* As KVM: what was written before is raised, and stays in the descriptor. */
int hv_irqfd_add(struct hv_vm *vm, int fd, unsigned int gsi, int resample)
{
	struct fake_msi *m = &board(vm)->msi[gsi - HV_GSI_MSI];

	if (!m->taken || m->fd >= 0)
		abort();
	m->fd = fd;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	m->sent += poll(&p, 1, 0) == 1;
	return 0;
}

int hv_irqfd_del(struct hv_vm *vm, int fd, unsigned int gsi)
{
	struct fake_msi *m = &board(vm)->msi[gsi - HV_GSI_MSI];

	if (m->fd != fd)
		abort();
	take(m);
	m->fd = -1;
	return 0;
}

/* As KVM: one listener an address. */
int hv_ioeventfd_add(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd)
{
	if (fake_board_kick(board(vm), addr) >= 0)
		return -EEXIST;
	for (struct fake_kick *k = board(vm)->kick; k < board(vm)->kick + FAKE_KICKS; k++)
		if (!k->addr) {
			*k = (struct fake_kick){addr, fd};
			return 0;
		}
	return -ENOSPC;
}

int hv_ioeventfd_del(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd)
{
	for (struct fake_kick *k = board(vm)->kick; k < board(vm)->kick + FAKE_KICKS; k++)
		if (k->addr == addr && k->fd == fd) {
			k->addr = 0;
			return 0;
		}
	abort();
}

int hv_vm_add(struct hv_vm *vm, struct hv_device *d, const struct hv_device_ops *ops, void *self,
	      const char *id, struct err *e)
{
	struct hv_device **last = &vm->devices;

	while (*last)
		last = &(*last)->next;
	*d = (struct hv_device){.ops = ops, .self = self};
	strncpy(d->id, id, sizeof(d->id) - 1);
	*last = d;
	return 0;
}

void hv_ged_on_eject(struct hv_ged *ged, void (*eject)(void *arg, unsigned int slot), void *arg)
{
	ged->eject = eject;
	ged->arg = arg;
}

void hv_ged_slot_filled(struct hv_ged *ged, unsigned int slot)
{
	ged->filled |= 1u << slot;
}

void hv_ged_slot_wanted(struct hv_ged *ged, unsigned int slot)
{
	ged->wanted |= 1u << slot;
}

void fake_board_init(struct fake_board *b, uint64_t mem_bytes)
{
	struct err e;

	*b = (struct fake_board){.vm = {.mmio = hv_bus_new(),
					.pio = hv_bus_new(),
					.phys_bits = 40,
					.mem = {.fd = -1}}};
	if (!b->vm.mmio || !b->vm.pio ||
	    (mem_bytes && hv_mem_create(&b->vm.mem, mem_bytes, 4096, &e)))
		abort();
}

static void destroy(struct hv_device *d)
{
	if (!d)
		return;
	destroy(d->next);
	d->ops->destroy(d->self);
}

void fake_board_destroy(struct fake_board *b)
{
	if (fake_board_bound(b) || fake_board_kicks(b))
		abort();
	destroy(b->vm.devices);
	hv_bus_free(b->vm.mmio);
	hv_bus_free(b->vm.pio);
	if (b->vm.mem.map)
		hv_mem_destroy(&b->vm.mem);
}

unsigned int fake_board_sent(struct fake_board *b, uint32_t data)
{
	unsigned int sent = 0;

	for (struct fake_msi *m = b->msi; m < b->msi + FAKE_MSIS; m++) {
		if (m->taken && m->fd >= 0)
			take(m);
		if (m->taken && m->data == data)
			sent += m->sent;
	}
	return sent;
}

unsigned int fake_board_bound(const struct fake_board *b)
{
	unsigned int n = 0;

	for (int i = 0; i < FAKE_MSIS; i++)
		n += b->msi[i].taken && b->msi[i].fd >= 0;
	return n;
}

int fake_board_kick(const struct fake_board *b, uint64_t addr)
{
	for (int i = 0; i < FAKE_KICKS; i++)
		if (addr && b->kick[i].addr == addr)
			return b->kick[i].fd;
	return -1;
}

unsigned int fake_board_kicks(const struct fake_board *b)
{
	unsigned int n = 0;

	for (int i = 0; i < FAKE_KICKS; i++)
		n += b->kick[i].addr != 0;
	return n;
}

uint64_t fake_read(struct fake_board *b, uint64_t addr, unsigned int len)
{
	uint64_t v;

	hv_bus_read(b->vm.mmio, addr, len, &v);
	return v;
}

/* A listener takes the write before anybody else sees it. */
void fake_write(struct fake_board *b, uint64_t addr, unsigned int len, uint64_t value)
{
	int fd = fake_board_kick(b, addr);

	if (fd >= 0)
		eventfd_write(fd, 1);
	else
		hv_bus_write(b->vm.mmio, addr, len, value);
}

uint64_t fake_in(struct fake_board *b, uint64_t port, unsigned int len)
{
	uint64_t v;

	hv_bus_read(b->vm.pio, port, len, &v);
	return v;
}

void fake_out(struct fake_board *b, uint64_t port, unsigned int len, uint64_t value)
{
	hv_bus_write(b->vm.pio, port, len, value);
}

uint32_t fake_cfg(struct fake_board *b, unsigned int slot, unsigned int off, unsigned int len)
{
	return (uint32_t)fake_read(b, HV_ECAM + (slot << 15) + off, len);
}

void fake_cfg_write(struct fake_board *b, unsigned int slot, unsigned int off, unsigned int len,
		    uint32_t value)
{
	fake_write(b, HV_ECAM + (slot << 15) + off, len, value);
}

unsigned int fake_cap(struct fake_board *b, unsigned int slot, uint8_t id, unsigned int n)
{
	unsigned int at = fake_cfg(b, slot, 0x34, 1);

	for (int left = 48; at && left; left--, at = fake_cfg(b, slot, at + 1, 1))
		if (fake_cfg(b, slot, at, 1) == id && n-- == 0)
			return at;
	return 0;
}
