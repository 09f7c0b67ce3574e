/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: the driver's side of a virtqueue of either form, in a plain buffer. */
#ifndef HV_CORE_VIRTIO_TEST_DRIVER_H
#define HV_CORE_VIRTIO_TEST_DRIVER_H

#include "hv-core/virtio/queue.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>

#define DRV_BYTES  0x40000ull
#define DRV_DESC   0x1000
#define DRV_DRIVER 0x6000
#define DRV_DEVICE 0x7000
#define DRV_TABLES 0x10000 /* indirect tables, one page for each id */
#define DRV_DATA   0x30000
#define DRV_SIZE   32 /* of the largest queue used here */

struct drv_buf {
	uint64_t addr;
	uint32_t len;
	bool write;
};

struct drv {
	uint8_t *bytes;
	struct hv_mem mem;
	struct hv_virtio_queue vq;
	bool packed;
	uint16_t avail, used;
	bool avail_wrap, used_wrap;
	unsigned int unused;		    /* slots or descriptors */
	unsigned int slots[DRV_SIZE];	    /* of each id that is under way; 0: free */
	uint16_t free_desc[DRV_SIZE];	    /* split: a stack of descriptors */
	uint16_t first[DRV_SIZE][DRV_SIZE]; /* split: an id's descriptors */
};

static inline void drv_init(struct drv *d, unsigned int size, bool packed)
{
	uint8_t *bytes = d->bytes ? d->bytes : aligned_alloc(4096, DRV_BYTES);

	memset(bytes, 0, DRV_BYTES);
	*d = (struct drv){.bytes = bytes,
			  .packed = packed,
			  .avail_wrap = true,
			  .used_wrap = true,
			  .unused = size};
	/* Two regions that touch: nothing may reach from one into the other. */
	d->mem.n = 2;
	d->mem.bytes = DRV_BYTES;
	d->mem.region[0] = (struct hv_mem_region){.gpa = 0, .bytes = DRV_BYTES / 2, .host = bytes};
	d->mem.region[1] = (struct hv_mem_region){
		.gpa = DRV_BYTES / 2, .bytes = DRV_BYTES / 2, .host = bytes + DRV_BYTES / 2};
	d->vq = (struct hv_virtio_queue){.size_max = DRV_SIZE,
					 .size = (uint16_t)size,
					 .enabled = true,
					 .desc = DRV_DESC,
					 .driver = DRV_DRIVER,
					 .device = DRV_DEVICE};
	for (unsigned int i = 0; i < size; i++)
		d->free_desc[i] = (uint16_t)i;
}

static inline uint16_t *drv_u16(struct drv *d, uint64_t at)
{
	return (uint16_t *)(void *)(d->bytes + at);
}

static inline struct vring_desc *drv_desc(struct drv *d, uint64_t table, unsigned int n)
{
	return (struct vring_desc *)(void *)(d->bytes + table) + n;
}

static inline struct vring_packed_desc *drv_pdesc(struct drv *d, uint64_t table, unsigned int n)
{
	return (struct vring_packed_desc *)(void *)(d->bytes + table) + n;
}

static inline void drv_publish_split(struct drv *d, uint16_t head)
{
	*drv_u16(d, DRV_DRIVER + 4 + 2 * (d->avail % d->vq.size)) = head;
	__atomic_store_n(drv_u16(d, DRV_DRIVER + 2), ++d->avail, __ATOMIC_RELEASE);
}

static inline int drv_add_split(struct drv *d, const struct drv_buf *b, unsigned int n,
				bool indirect)
{
	unsigned int need = indirect ? 1 : n;
	uint16_t ids[DRV_SIZE];

	for (unsigned int i = 0; i < need; i++)
		ids[i] = d->free_desc[--d->unused];
	for (unsigned int i = 0; i < n; i++) {
		uint64_t table = DRV_TABLES + 0x1000 * (uint64_t)ids[0];
		struct vring_desc *v =
			indirect ? drv_desc(d, table, i) : drv_desc(d, DRV_DESC, ids[i]);

		*v = (struct vring_desc){
			.addr = b[i].addr,
			.len = b[i].len,
			.flags = (uint16_t)((b[i].write ? VRING_DESC_F_WRITE : 0) |
					    (i + 1 < n ? VRING_DESC_F_NEXT : 0)),
			.next = i + 1 < n ? (uint16_t)(indirect ? i + 1 : ids[i + 1]) : 0};
	}
	if (indirect)
		*drv_desc(d, DRV_DESC, ids[0]) =
			(struct vring_desc){.addr = DRV_TABLES + 0x1000 * (uint64_t)ids[0],
					    .len = 16 * n,
					    .flags = VRING_DESC_F_INDIRECT};
	d->slots[ids[0]] = need;
	memcpy(d->first[ids[0]], ids, sizeof(ids));
	drv_publish_split(d, ids[0]);
	return ids[0];
}

static inline uint16_t drv_avail_flags(const struct drv *d)
{
	return d->avail_wrap ? 1 << VRING_PACKED_DESC_F_AVAIL : 1 << VRING_PACKED_DESC_F_USED;
}

static inline int drv_add_packed(struct drv *d, const struct drv_buf *b, unsigned int n,
				 bool indirect)
{
	unsigned int need = indirect ? 1 : n, id = 0, head = d->avail;
	uint16_t head_flags = 0;

	while (d->slots[id])
		id++;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t table = DRV_TABLES + 0x1000 * (uint64_t)id;
		uint16_t flags = (uint16_t)((b[i].write ? VRING_DESC_F_WRITE : 0) |
					    (i + 1 < n && !indirect ? VRING_DESC_F_NEXT : 0) |
					    (indirect ? 0 : drv_avail_flags(d)));
		struct vring_packed_desc *v =
			indirect ? drv_pdesc(d, table, i) : drv_pdesc(d, DRV_DESC, d->avail);

		v->addr = b[i].addr;
		v->len = b[i].len;
		v->id = (uint16_t)id;
		if (i == 0 && !indirect)
			head_flags = flags;
		else
			v->flags = flags;
		if (!indirect && ++d->avail == d->vq.size) {
			d->avail = 0;
			d->avail_wrap = !d->avail_wrap;
		}
	}
	if (indirect) {
		struct vring_packed_desc *v = drv_pdesc(d, DRV_DESC, head);

		v->addr = DRV_TABLES + 0x1000 * (uint64_t)id;
		v->len = 16 * n;
		v->id = (uint16_t)id;
		head_flags = (uint16_t)(VRING_DESC_F_INDIRECT | drv_avail_flags(d));
		if (++d->avail == d->vq.size) {
			d->avail = 0;
			d->avail_wrap = !d->avail_wrap;
		}
	}
	__atomic_store_n(&drv_pdesc(d, DRV_DESC, head)->flags, head_flags, __ATOMIC_RELEASE);
	d->unused -= need;
	d->slots[id] = need;
	return (int)id;
}

/* The id of the chain; there is room for it. */
static inline int drv_add(struct drv *d, const struct drv_buf *b, unsigned int n, bool indirect)
{
	return d->packed ? drv_add_packed(d, b, n, indirect) : drv_add_split(d, b, n, indirect);
}

static inline bool drv_used_split(struct drv *d, unsigned int *id, uint32_t *len)
{
	const struct vring_used_elem *e;

	if (__atomic_load_n(drv_u16(d, DRV_DEVICE + 2), __ATOMIC_ACQUIRE) == d->used)
		return false;
	e = (const struct vring_used_elem *)(void *)(d->bytes + DRV_DEVICE + 4) +
	    d->used++ % d->vq.size;
	*id = e->id;
	*len = e->len;
	if (*id >= d->vq.size || !d->slots[*id])
		abort();
	for (unsigned int i = 0; i < d->slots[*id]; i++)
		d->free_desc[d->unused++] = d->first[*id][i];
	d->slots[*id] = 0;
	return true;
}

static inline bool drv_used_packed(struct drv *d, unsigned int *id, uint32_t *len)
{
	const struct vring_packed_desc *v = drv_pdesc(d, DRV_DESC, d->used);
	uint16_t flags = __atomic_load_n(&v->flags, __ATOMIC_ACQUIRE);
	bool avail = flags >> VRING_PACKED_DESC_F_AVAIL & 1,
	     used = flags >> VRING_PACKED_DESC_F_USED & 1;

	if (avail != used || used != d->used_wrap)
		return false;
	*id = v->id;
	*len = v->len;
	if (*id >= d->vq.size || !d->slots[*id])
		abort();
	d->unused += d->slots[*id];
	d->used = (uint16_t)(d->used + d->slots[*id]);
	d->slots[*id] = 0;
	if (d->used >= d->vq.size) {
		d->used = (uint16_t)(d->used - d->vq.size);
		d->used_wrap = !d->used_wrap;
	}
	return true;
}

/* Takes back a chain the device used. False: there is none. */
static inline bool drv_used(struct drv *d, unsigned int *id, uint32_t *len)
{
	return d->packed ? drv_used_packed(d, id, len) : drv_used_split(d, id, len);
}

#endif
