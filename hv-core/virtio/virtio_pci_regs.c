/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers in BAR 0 (virtio 1.2, 4.1.4.3 to 4.1.4.6). A field is accessed in its own width,
 * 64-bit ones as two halves (4.1.3.1); what is accessed otherwise reads as ones and takes nothing.
 */
#include "hv-core/virtio/virtio_impl.h"

#include <endian.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <string.h>

static const uint8_t width[VIRTIO_COMMON_BYTES] = {
	[VIRTIO_PCI_COMMON_DFSELECT] = 4,  [VIRTIO_PCI_COMMON_DF] = 4,
	[VIRTIO_PCI_COMMON_GFSELECT] = 4,  [VIRTIO_PCI_COMMON_GF] = 4,
	[VIRTIO_PCI_COMMON_MSIX] = 2,	   [VIRTIO_PCI_COMMON_NUMQ] = 2,
	[VIRTIO_PCI_COMMON_STATUS] = 1,	   [VIRTIO_PCI_COMMON_CFGGENERATION] = 1,
	[VIRTIO_PCI_COMMON_Q_SELECT] = 2,  [VIRTIO_PCI_COMMON_Q_SIZE] = 2,
	[VIRTIO_PCI_COMMON_Q_MSIX] = 2,	   [VIRTIO_PCI_COMMON_Q_ENABLE] = 2,
	[VIRTIO_PCI_COMMON_Q_NOFF] = 2,	   [VIRTIO_PCI_COMMON_Q_DESCLO] = 4,
	[VIRTIO_PCI_COMMON_Q_DESCHI] = 4,  [VIRTIO_PCI_COMMON_Q_AVAILLO] = 4,
	[VIRTIO_PCI_COMMON_Q_AVAILHI] = 4, [VIRTIO_PCI_COMMON_Q_USEDLO] = 4,
	[VIRTIO_PCI_COMMON_Q_USEDHI] = 4,
};

static bool is_field(uint64_t off, unsigned int len)
{
	return off < VIRTIO_COMMON_BYTES && width[off] == len;
}

static uint32_t half(uint64_t bits, uint32_t which)
{
	return which > 1 ? 0 : (uint32_t)(bits >> (32 * which));
}

static void set_half(uint64_t *bits, uint32_t which, uint32_t value)
{
	if (which <= 1)
		*bits = (*bits & ~(0xffffffffull << (32 * which))) | (uint64_t)value
									     << (32 * which);
}

/* A queue that is not there reads as size 0 (4.1.4.3.1). */
static uint32_t queue_read(const struct hv_virtio *v, unsigned int off)
{
	static const struct hv_virtio_queue none;
	const struct hv_virtio_queue *q =
		v->queue_select < v->queues ? &v->queue[v->queue_select] : &none;

	switch (off) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return q->size;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return q->vector;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return q->enabled;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return q == &none ? 0 : v->queue_select;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		return half(q->desc, off == VIRTIO_PCI_COMMON_Q_DESCHI);
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		return half(q->driver, off == VIRTIO_PCI_COMMON_Q_AVAILHI);
	default:
		return half(q->device, off == VIRTIO_PCI_COMMON_Q_USEDHI);
	}
}

static uint32_t common_read(struct hv_virtio *v, unsigned int off)
{
	switch (off) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return v->offered_select;
	case VIRTIO_PCI_COMMON_DF:
		v->looked = true;
		return half(v->offered, v->offered_select);
	case VIRTIO_PCI_COMMON_GFSELECT:
		return v->accepted_select;
	case VIRTIO_PCI_COMMON_GF:
		return half(v->accepted, v->accepted_select);
	case VIRTIO_PCI_COMMON_MSIX:
		return v->config_vector;
	case VIRTIO_PCI_COMMON_NUMQ:
		return v->queues;
	case VIRTIO_PCI_COMMON_STATUS:
		return v->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return v->generation;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return v->queue_select;
	default:
		return queue_read(v, off);
	}
}

/* A vector there is none of, or no descriptor for, reads back as none (4.1.5.1.2.1). */
static uint16_t usable_vector(const struct hv_virtio *v, uint32_t vector)
{
	return hv_msix_fd(v->msix, vector) >= 0 ? (uint16_t)vector : HV_VIRTIO_NO_VECTOR;
}

static void queue_write(struct hv_virtio *v, unsigned int off, uint32_t value)
{
	struct hv_virtio_queue *q;
	uint16_t vector;

	if (v->queue_select >= v->queues)
		return;
	q = &v->queue[v->queue_select];
	if (off == VIRTIO_PCI_COMMON_Q_MSIX) {
		vector = usable_vector(v, value);
		if (vector == q->vector)
			return;
		q->vector = vector;
		if (v->running && v->ops->vector_changed)
			v->ops->vector_changed(v->self, v->queue_select);
		return;
	}
	/* The rest is settled once the queue is enabled or the driver is ready (3.1.1). */
	if (q->enabled || v->status & VIRTIO_CONFIG_S_DRIVER_OK)
		return;
	switch (off) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		if (value != 0 && value <= q->size_max)
			q->size = (uint16_t)value;
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		q->enabled = value == 1;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		set_half(&q->desc, off == VIRTIO_PCI_COMMON_Q_DESCHI, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		set_half(&q->driver, off == VIRTIO_PCI_COMMON_Q_AVAILHI, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		set_half(&q->device, off == VIRTIO_PCI_COMMON_Q_USEDHI, value);
	}
}

static void common_write(struct hv_virtio *v, unsigned int off, uint32_t value)
{
	switch (off) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		v->offered_select = value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		v->accepted_select = value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		if (!(v->status & VIRTIO_CONFIG_S_FEATURES_OK))
			set_half(&v->accepted, v->accepted_select, value);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		v->config_vector = usable_vector(v, value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		hv_virtio_status_write(v, (uint8_t)value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		v->queue_select = (uint16_t)value;
		break;
	default:
		queue_write(v, off, value);
	}
}

static uint32_t isr_read(struct hv_virtio *v)
{
	uint8_t isr = v->isr;

	v->isr = 0;
	return isr;
}

static uint32_t config_read(struct hv_virtio *v, uint64_t off, unsigned int len)
{
	uint32_t value = 0;

	if (off + len > v->config_bytes)
		return UINT32_MAX;
	v->ops->config_read(v->self, (unsigned int)off, &value, len);
	return le32toh(value);
}

static void config_write(struct hv_virtio *v, uint64_t off, unsigned int len, uint32_t value)
{
	value = htole32(value);
	if (off + len <= v->config_bytes && v->ops->config_write)
		v->ops->config_write(v->self, (unsigned int)off, &value, len);
}

uint64_t hv_virtio_bar_read(void *self, uint64_t off, unsigned int len)
{
	struct hv_virtio *v = self;
	uint64_t area = off & ~(VIRTIO_AREA_BYTES - 1ull), at = off - area;

	if (hv_msix_owns(v->msix, off))
		return hv_msix_read(v->msix, off, len);
	if (len == 8)
		return (uint32_t)hv_virtio_bar_read(v, off, 4) | hv_virtio_bar_read(v, off + 4, 4)
									 << 32;
	if (area == VIRTIO_AREA_COMMON && is_field(at, len))
		return common_read(v, (unsigned int)at);
	if (area == VIRTIO_AREA_ISR && at == 0)
		return isr_read(v);
	return area == VIRTIO_AREA_CONFIG ? config_read(v, at, len) : UINT32_MAX;
}

void hv_virtio_bar_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct hv_virtio *v = self;
	uint64_t area = off & ~(VIRTIO_AREA_BYTES - 1ull), at = off - area;

	if (hv_msix_owns(v->msix, off)) {
		hv_msix_write(v->msix, off, len, value);
	} else if (area == VIRTIO_AREA_NOTIFY) {
		hv_virtio_notified(v, at);
	} else if (len == 8) {
		hv_virtio_bar_write(v, off, 4, (uint32_t)value);
		hv_virtio_bar_write(v, off + 4, 4, value >> 32);
	} else if (area == VIRTIO_AREA_COMMON && is_field(at, len)) {
		common_write(v, (unsigned int)at, (uint32_t)value);
	} else if (area == VIRTIO_AREA_CONFIG) {
		config_write(v, at, len, (uint32_t)value);
	}
}
