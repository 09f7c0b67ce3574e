/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests share: the driver's side of one ring, split or packed, as a guest has it (virtio 1.2,
 * 2.7 and 2.8). It checks what the device does: a buffer given back that was not given, or twice,
 * ends the program.
 */
#ifndef HV_CORE_VHOST_TEST_DRIVER_H
#define HV_CORE_VHOST_TEST_DRIVER_H

#include "hv-core/vhost/front.h"

#include <linux/virtio_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRIVER_MAX = 1024 };

#define DRIVER_AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define DRIVER_USED  (1u << VRING_PACKED_DESC_F_USED)

struct driver_part {
	uint64_t gpa;
	uint32_t len;
};

struct driver {
	bool packed, wrap, used_wrap;
	bool fifo; /* ids are taken again as late as possible, not as soon */
	uint16_t size, next, used_next;
	uint16_t slots_free;
	union {
		struct vring_desc *split;
		struct vring_packed_desc *desc;
	};
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t id[DRIVER_MAX]; /* ids that are free, in a circle */
	uint16_t id_first, ids;
	uint16_t slots[DRIVER_MAX]; /* of the buffer with that id; 0: it is not the device's */
	uint16_t link[DRIVER_MAX];  /* split: descriptors that are free, in a chain */
	uint16_t free_head;
};

/* Bytes of the three areas, each a multiple of 4096. */
static inline uint32_t driver_area(uint16_t size)
{
	return (16u * size + 4095u) & ~4095u;
}

static inline void driver_open(struct driver *d, uint8_t *at, uint16_t size, bool packed)
{
	uint32_t area = driver_area(size);

	*d = (struct driver){.packed = packed, .size = size, .slots_free = size, .ids = size};
	d->wrap = d->used_wrap = true;
	memset(at, 0, 3u * area);
	d->split = (void *)at;
	d->avail = (void *)(at + area);
	d->used = (void *)(at + 2u * area);
	for (uint16_t i = 0; i < size; i++) {
		d->id[i] = i;
		d->link[i] = (uint16_t)(i + 1);
	}
}

static inline void driver_ring(const struct driver *d, struct hv_vu_ring *r)
{
	*r = (struct hv_vu_ring){.size = d->size,
				 .packed_base = 0x80008000u,
				 .desc = d->split,
				 .driver = d->avail,
				 .device = d->used,
				 .kick_fd = -1,
				 .call_fd = -1,
				 .enabled = true};
}

static inline uint16_t driver_take_id(struct driver *d)
{
	uint16_t at = d->fifo ? d->id_first : (uint16_t)((d->id_first + d->ids - 1) % d->size);

	if (d->fifo)
		d->id_first = (uint16_t)((d->id_first + 1) % d->size);
	d->ids--;
	return d->id[at];
}

/* Makes a buffer of n parts available. Its id, or -1: no room. */
static inline int driver_add(struct driver *d, const struct driver_part *part, uint16_t n,
			     bool write)
{
	uint16_t w = write ? VRING_DESC_F_WRITE : 0, id, head = d->next, head_flags = 0;

	if (d->slots_free < n)
		return -1;
	d->slots_free = (uint16_t)(d->slots_free - n);
	if (!d->packed) {
		id = d->free_head;
		for (uint16_t i = 0; i < n; i++) {
			uint16_t at = d->free_head;

			d->free_head = d->link[at];
			d->split[at] = (struct vring_desc){
				.addr = part[i].gpa,
				.len = part[i].len,
				.flags = (uint16_t)(w | (i + 1 < n ? VRING_DESC_F_NEXT : 0)),
				.next = d->free_head};
		}
		d->slots[id] = n;
		d->avail->ring[d->next % d->size] = id;
		d->next++;
		__atomic_store_n(&d->avail->idx, d->next, __ATOMIC_RELEASE);
		return id;
	}
	id = driver_take_id(d);
	d->slots[id] = n;
	for (uint16_t i = 0; i < n; i++) {
		struct vring_packed_desc *p = &d->desc[d->next];
		uint16_t flags = (uint16_t)(w | (i + 1 < n ? VRING_DESC_F_NEXT : 0) |
					    (d->wrap ? DRIVER_AVAIL : DRIVER_USED));

		p->addr = part[i].gpa;
		p->len = part[i].len;
		p->id = id;
		if (i == 0)
			head_flags = flags;
		else
			p->flags = flags;
		if (++d->next == d->size) {
			d->next = 0;
			d->wrap = !d->wrap;
		}
	}
	__atomic_store_n(&d->desc[head].flags, head_flags, __ATOMIC_RELEASE);
	return id;
}

static inline void driver_free(struct driver *d, uint16_t id)
{
	if (id >= d->size || d->slots[id] == 0) {
		fprintf(stderr, "buffer %u came back and is not the device's\n", id);
		abort();
	}
	d->slots_free = (uint16_t)(d->slots_free + d->slots[id]);
}

/* Takes the next buffer that came back. */
static inline bool driver_get(struct driver *d, uint16_t *id, uint32_t *len)
{
	if (!d->packed) {
		const struct vring_used_elem *u = &d->used->ring[d->used_next % d->size];
		uint16_t last;

		if (__atomic_load_n(&d->used->idx, __ATOMIC_ACQUIRE) == d->used_next)
			return false;
		d->used_next++;
		*id = (uint16_t)u->id;
		*len = u->len;
		driver_free(d, *id);
		last = *id;
		for (uint16_t i = 1; i < d->slots[*id]; i++)
			last = d->split[last].next;
		d->link[last] = d->free_head;
		d->free_head = *id;
		/* The chain is linked as its descriptors were. */
		for (uint16_t i = 1, at = *id; i < d->slots[*id]; i++, at = d->split[at].next)
			d->link[at] = d->split[at].next;
	} else {
		struct vring_packed_desc *p = &d->desc[d->used_next];
		uint16_t flags = __atomic_load_n(&p->flags, __ATOMIC_ACQUIRE);

		if (!!(flags & DRIVER_AVAIL) != d->used_wrap ||
		    !!(flags & DRIVER_USED) != d->used_wrap)
			return false;
		*id = p->id;
		*len = p->len;
		driver_free(d, *id);
		d->used_next = (uint16_t)(d->used_next + d->slots[*id]);
		if (d->used_next >= d->size) {
			d->used_next = (uint16_t)(d->used_next - d->size);
			d->used_wrap = !d->used_wrap;
		}
		d->id[(d->id_first + d->ids++) % d->size] = *id;
	}
	d->slots[*id] = 0;
	return true;
}

#endif
