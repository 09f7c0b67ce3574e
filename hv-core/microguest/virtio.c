/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/virtio.h"

#include "hv-core/microguest/pci.h"

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };
enum { CFG_COMMON = 1, CFG_NOTIFY = 2, CFG_DEVICE = 4, NO_VECTOR = 0xffff, RESET_TURNS = 1000000 };

/* The common configuration's registers: 4.1.4.3. */
enum {
	DEVICE_SELECT = 0,
	DEVICE_FEATURES = 4,
	DRIVER_SELECT = 8,
	DRIVER_FEATURES = 12,
	MSIX_CONFIG = 16,
	STATUS = 20,
	Q_SELECT = 22,
	Q_SIZE = 24,
	Q_MSIX = 26,
	Q_ENABLE = 28,
	Q_NOTIFY_OFF = 30,
	Q_DESC = 32,
	Q_DRIVER = 40,
	Q_DEVICE = 48,
};

static uint32_t get32(const struct mg_virtio *v, unsigned int off)
{
	return *(volatile uint32_t *)(v->common + off);
}

static void set32(struct mg_virtio *v, unsigned int off, uint32_t n)
{
	*(volatile uint32_t *)(v->common + off) = n;
}

static uint16_t get16(const struct mg_virtio *v, unsigned int off)
{
	return *(volatile uint16_t *)(v->common + off);
}

static void set16(struct mg_virtio *v, unsigned int off, uint16_t n)
{
	*(volatile uint16_t *)(v->common + off) = n;
}

/* 4.1.3.1: 64 bits are written as two halves. */
static void set64(struct mg_virtio *v, unsigned int off, const volatile void *at)
{
	set32(v, off, (uint32_t)(uintptr_t)at);
	set32(v, off + 4, (uint32_t)((uintptr_t)at >> 32));
}

static void find(struct mg_virtio *v, unsigned int fn)
{
	for (unsigned int cap = mg_pci_cap(fn, 0, MG_PCI_CAP_VENDOR); cap;
	     cap = mg_pci_cap(fn, cap, MG_PCI_CAP_VENDOR)) {
		uint8_t type = mg_pci_read8(fn, cap + 3), bar = mg_pci_read8(fn, cap + 4);
		volatile uint8_t *at = bar < 6 ? mg_pci_bar(fn, bar) : NULL;

		if (!at)
			continue;
		at += mg_pci_read32(fn, cap + 8);
		if (type == CFG_COMMON && !v->common) {
			v->common = at;
		} else if (type == CFG_NOTIFY && !v->notify) {
			v->notify = at;
			v->notify_unit = mg_pci_read32(fn, cap + 16);
		} else if (type == CFG_DEVICE && !v->config) {
			v->config = at;
		}
	}
}

static void status(struct mg_virtio *v, uint8_t bit)
{
	v->common[STATUS] = v->common[STATUS] | bit;
}

const char *mg_virtio_open(struct mg_virtio *v, unsigned int fn)
{
	*v = (struct mg_virtio){0};
	mg_pci_enable(fn);
	find(v, fn);
	if (!v->common || !v->notify || !v->config)
		return "a network card lacks virtio's registers in memory BARs";
	v->common[STATUS] = 0;
	for (unsigned int i = 0; v->common[STATUS] != 0; i++)
		if (i == RESET_TURNS)
			return "a network card does not come out of reset";
	status(v, ACKNOWLEDGE);
	status(v, DRIVER);
	for (uint32_t half = 0; half < 2; half++) {
		set32(v, DEVICE_SELECT, half);
		v->offered |= (uint64_t)get32(v, DEVICE_FEATURES) << 32 * half;
	}
	return NULL;
}

const char *mg_virtio_agree(struct mg_virtio *v, uint64_t features)
{
	v->features = features;
	for (uint32_t half = 0; half < 2; half++) {
		set32(v, DRIVER_SELECT, half);
		set32(v, DRIVER_FEATURES, (uint32_t)(features >> 32 * half));
	}
	status(v, FEATURES_OK);
	if (!(v->common[STATUS] & FEATURES_OK))
		return "a network card refuses the features that were chosen of those it offers";
	set16(v, MSIX_CONFIG, NO_VECTOR);
	return NULL;
}

static bool memory(struct mg_vq *q)
{
	size_t n = q->size;

	q->desc = mg_memory(n * sizeof(struct mg_desc), 4096);
	q->avail_ring = mg_memory(sizeof(struct mg_avail) + 2 * n + 2, 128);
	q->used_ring = mg_memory(sizeof(struct mg_used) + sizeof(struct mg_used_elem) * n + 2, 128);
	q->addr = mg_memory(n * sizeof(*q->addr), 64);
	q->len = mg_memory(n * sizeof(*q->len), 64);
	q->order = mg_memory(n * sizeof(*q->order), 64);
	return q->desc && q->avail_ring && q->used_ring && q->addr && q->len && q->order;
}

const char *mg_virtio_queue(struct mg_virtio *v, struct mg_vq *q, uint16_t index, uint32_t size)
{
	uint16_t max;

	set16(v, Q_SELECT, index);
	max = get16(v, Q_SIZE);
	if (!max)
		return "a network card lacks a queue";
	/* Smaller powers of two are always allowed: 4.1.5.1.3, and a packed ring may be of any. */
	while (size > max)
		size /= 2;
	set16(v, Q_SIZE, (uint16_t)size);
	q->size = size;
	q->shift = 31 - (uint32_t)__builtin_clz(size);
	q->index = index;
	q->packed = v->features & MG_F(MG_F_RING_PACKED);
	q->in_order = v->features & MG_F(MG_F_IN_ORDER);
	q->event_idx = v->features & MG_F(MG_F_EVENT_IDX);
	q->notify = (volatile uint16_t *)(v->notify +
					  (uint64_t)get16(v, Q_NOTIFY_OFF) * v->notify_unit);
	if (!memory(q))
		return "no memory for rings; --memory gives more, ring=256 needs less";
	set64(v, Q_DESC, q->desc);
	set64(v, Q_DRIVER, q->avail_ring);
	set64(v, Q_DEVICE, q->used_ring);
	set16(v, Q_MSIX, NO_VECTOR);
	set16(v, Q_ENABLE, 1);
	return NULL;
}

const char *mg_virtio_start(struct mg_virtio *v)
{
	status(v, DRIVER_OK);
	return mg_virtio_broken(v) ? "a network card needs a reset as soon as it is started" : NULL;
}

bool mg_virtio_broken(const struct mg_virtio *v)
{
	return v->common[STATUS] & NEEDS_RESET;
}
