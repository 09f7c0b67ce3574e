/* SPDX-License-Identifier: BSD-3-Clause */
/* The vendor capabilities that say where the structures are (virtio 1.2, 4.1.4), and the window
 * through which a guest reaches them by configuration space alone (4.1.4.9). */
#include "hv-core/virtio/virtio_impl.h"

#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <stddef.h>
#include <string.h>

#define WINDOW_DATA sizeof(struct virtio_pci_cap)

static void put32(uint8_t *to, uint32_t v)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get32(const uint8_t *from)
{
	return from[0] | from[1] << 8 | from[2] << 16 | (uint32_t)from[3] << 24;
}

/* extra: bytes after the common part. Returns the capability's offset, 0: no room. */
static unsigned int add(struct hv_virtio *v, uint8_t type, uint32_t off, uint32_t bytes,
			unsigned int extra)
{
	unsigned int len = sizeof(struct virtio_pci_cap) + extra;
	unsigned int cap = hv_pci_cap(&v->fn, PCI_CAP_ID_VNDR, len);

	if (!cap)
		return 0;
	v->fn.config[cap + VIRTIO_PCI_CAP_LEN] = (uint8_t)len;
	v->fn.config[cap + VIRTIO_PCI_CAP_CFG_TYPE] = type;
	v->fn.config[cap + VIRTIO_PCI_CAP_BAR] = VIRTIO_BAR;
	put32(v->fn.config + cap + VIRTIO_PCI_CAP_OFFSET, off);
	put32(v->fn.config + cap + VIRTIO_PCI_CAP_LENGTH, bytes);
	return cap;
}

bool hv_virtio_caps(struct hv_virtio *v)
{
	unsigned int notify;

	if (!add(v, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_AREA_COMMON, VIRTIO_COMMON_BYTES, 0) ||
	    !add(v, VIRTIO_PCI_CAP_ISR_CFG, VIRTIO_AREA_ISR, 1, 0) ||
	    (v->config_bytes &&
	     !add(v, VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_AREA_CONFIG, v->config_bytes, 0)))
		return false;
	notify = add(v, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_AREA_NOTIFY,
		     v->queues * VIRTIO_NOTIFY_MULTIPLIER, 4);
	v->window_cap = add(v, VIRTIO_PCI_CAP_PCI_CFG, 0, 0, 4);
	if (!notify || !v->window_cap)
		return false;
	put32(v->fn.config + notify + VIRTIO_PCI_NOTIFY_CAP_MULT, VIRTIO_NOTIFY_MULTIPLIER);
	v->fn.wmask[v->window_cap + VIRTIO_PCI_CAP_BAR] = 0xff;
	memset(v->fn.wmask + v->window_cap + VIRTIO_PCI_CAP_OFFSET, 0xff, 4 + 4 + 4);
	return true;
}

static bool touches_data(const struct hv_virtio *v, unsigned int off, unsigned int len)
{
	unsigned int data = v->window_cap + WINDOW_DATA;

	return off < data + 4 && data < off + len;
}

/* What the window points at, when that is 1, 2 or 4 aligned bytes of the BAR. */
static bool target(const struct hv_virtio *v, uint32_t *off, uint32_t *len)
{
	const uint8_t *cap = v->fn.config + v->window_cap;

	*off = get32(cap + VIRTIO_PCI_CAP_OFFSET);
	*len = get32(cap + VIRTIO_PCI_CAP_LENGTH);
	return cap[VIRTIO_PCI_CAP_BAR] == VIRTIO_BAR && (*len == 1 || *len == 2 || *len == 4) &&
	       *off % *len == 0 && *off < VIRTIO_BAR_BYTES;
}

bool hv_virtio_window_read(void *self, unsigned int off, unsigned int len, uint32_t *value)
{
	struct hv_virtio *v = self;
	uint32_t at, n;

	if (touches_data(v, off, len) && target(v, &at, &n))
		put32(v->fn.config + v->window_cap + WINDOW_DATA,
		      (uint32_t)hv_virtio_bar_read(v, at, n));
	return false;
}

void hv_virtio_window_written(struct hv_virtio *v, unsigned int off, unsigned int len)
{
	uint32_t at, n, value = get32(v->fn.config + v->window_cap + WINDOW_DATA);

	if (touches_data(v, off, len) && target(v, &at, &n))
		hv_virtio_bar_write(v, at, n, n == 4 ? value : value & ((1u << 8 * n) - 1));
}
