/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tests of rings share: a guest's memory in regions of its own, and a virtio driver of one
 * ring, split or packed, as a guest has it. Written from virtio 1.2 (2.7, 2.8) alone, so that it
 * shares no mistake with what it tests.
 */
#ifndef VSWITCH_PORT_TEST_GUEST_H
#define VSWITCH_PORT_TEST_GUEST_H

#include "packet/tail.h"
#include "packet/test_eal.h"
#include "vswitch/port/port.h"
#include "vswitch/port/vhost_ring.h"

#include <sys/eventfd.h>
#include <unistd.h>

enum {
	GUEST_REGIONS = 3,
	GUEST_RINGS = 65536,  /* bytes of the first region: what rings are made of */
	GUEST_DATA = 4194304, /* of the two others, which lie one behind the other for the guest */
	GUEST_RINGS_GPA = 0x1000,
	GUEST_DATA_GPA = 0x100000,
	GUEST_RING_MAX = 1024,
};

struct guest {
	struct vhost_mem mem;
	uint8_t *at[GUEST_REGIONS];
	uint64_t next; /* where data is put next */
	uint64_t next_ring;
};

static inline uint64_t guest_gpa(unsigned int region)
{
	return region == 0 ? GUEST_RINGS_GPA : GUEST_DATA_GPA + (region - 1) * GUEST_DATA;
}

static inline uint32_t guest_size(unsigned int region)
{
	return region == 0 ? GUEST_RINGS : GUEST_DATA;
}

/* Each region is an allocation of just its size, so that a sanitizer sees a step beyond. */
static inline void guest_open(struct guest *g)
{
	*g = (struct guest){.next = GUEST_DATA_GPA, .next_ring = GUEST_RINGS_GPA};
	for (unsigned int i = 0; i < GUEST_REGIONS; i++) {
		g->at[i] = aligned_alloc(4096, RTE_ALIGN_CEIL(guest_size(i), 4096u));
		if (g->at[i] == NULL)
			abort();
		memset(g->at[i], 0, guest_size(i));
		vhost_mem_add(&g->mem, guest_gpa(i), guest_size(i), g->at[i]);
	}
}

static inline void guest_close(struct guest *g)
{
	for (unsigned int i = 0; i < GUEST_REGIONS; i++)
		free(g->at[i]);
}

/* The byte at gpa. */
static inline uint8_t *guest_at(const struct guest *g, uint64_t gpa)
{
	for (unsigned int i = 0; i < GUEST_REGIONS; i++)
		if (gpa >= guest_gpa(i) && gpa < guest_gpa(i) + guest_size(i))
			return g->at[i] + (gpa - guest_gpa(i));
	abort();
}

static inline uint64_t guest_alloc(struct guest *g, uint32_t len, uint32_t align)
{
	uint64_t gpa = RTE_ALIGN_CEIL(g->next, (uint64_t)align);

	g->next = gpa + len;
	if (g->next > GUEST_DATA_GPA + 2 * GUEST_DATA)
		abort();
	return gpa;
}

static inline void guest_write(const struct guest *g, uint64_t gpa, const uint8_t *from,
			       uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		*guest_at(g, gpa + i) = from[i];
}

static inline void guest_read(const struct guest *g, uint64_t gpa, uint8_t *to, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		to[i] = *guest_at(g, gpa + i);
}

/* A part of a buffer. */
struct guest_part {
	uint64_t gpa;
	uint32_t len;
};

struct driver {
	struct guest *g;
	uint64_t features;
	bool packed, write;
	uint16_t size;
	uint64_t desc, avail, used; /* addresses of the ring's parts */
	uint16_t next;		    /* split: the available index; packed: the next slot */
	uint16_t last; /* split: the used index as far as it was read; packed: a slot */
	bool wrap, last_wrap;
	uint16_t n_free; /* descriptors, or slots */
	uint16_t n_ids;
	uint16_t ids[GUEST_RING_MAX];	/* free descriptors, or free ids, in no order */
	uint16_t slots[GUEST_RING_MAX]; /* packed: slots of the buffer with that id */
	bool busy[GUEST_RING_MAX];	/* the buffer with that head or id is with the device */
	uint32_t seed;
	int call; /* an eventfd */
	struct vhost_ring ring;
};

static inline struct vring_desc *driver_desc(struct driver *d)
{
	return (struct vring_desc *)guest_at(d->g, d->desc);
}

static inline struct vring_packed_desc *driver_slot(struct driver *d)
{
	return (struct vring_packed_desc *)guest_at(d->g, d->desc);
}

static inline struct vring_avail *driver_avail(struct driver *d)
{
	return (struct vring_avail *)guest_at(d->g, d->avail);
}

static inline struct vring_used *driver_used_ring(struct driver *d)
{
	return (struct vring_used *)guest_at(d->g, d->used);
}

static inline struct vring_packed_desc_event *driver_event(struct driver *d, uint64_t gpa)
{
	return (struct vring_packed_desc_event *)guest_at(d->g, gpa);
}

static inline void driver_conf(struct driver *d, uint16_t index, struct vhost_ring_conf *c)
{
	*c = (struct vhost_ring_conf){
		.mem = &d->g->mem,
		.desc = guest_at(d->g, d->desc),
		.avail = guest_at(d->g, d->avail),
		.used = guest_at(d->g, d->used),
		.features = d->features,
		.size = d->size,
		.index = index,
		.avail_base = d->packed ? (uint16_t)(d->next | d->wrap << 15) : d->next,
		.used_base = d->packed ? (uint16_t)(d->next | d->wrap << 15) : d->next,
		.vid = 7,
		.callfd = d->call,
		.kickfd = -1,
	};
}

/* A ring of the guest that begins at `start`, and the switch's object of it. `write`: the guest
 * receives. */
static inline void driver_open(struct driver *d, struct guest *g, uint64_t features, uint16_t size,
			       uint16_t start, bool write)
{
	struct vhost_ring_conf conf;

	memset(d, 0, offsetof(struct driver, ring));
	d->g = g;
	d->features = features;
	d->packed = features & UINT64_C(1) << VIRTIO_F_RING_PACKED;
	d->write = write;
	d->size = size;
	d->n_free = d->n_ids = size;
	d->seed = 4711;
	d->desc = RTE_ALIGN_CEIL(g->next_ring, 16);
	d->avail = d->desc + 16u * size;
	d->used = RTE_ALIGN_CEIL(d->avail + (d->packed ? 4 : 6 + 2u * size), 4);
	g->next_ring = d->used + 6 + (d->packed ? 0 : 8u * size);
	for (uint16_t i = 0; i < size; i++)
		d->ids[i] = i;
	if (d->packed) {
		d->wrap = d->last_wrap = !(start >> 15);
		d->next = d->last = (start & 0x7fff) % size;
		/* Used slots say the lap before. */
		for (uint16_t i = 0; i < size; i++)
			driver_slot(d)[i].flags = (i < d->next) == d->wrap ? 0x8080 : 0;
	} else {
		d->next = d->last = start;
		driver_avail(d)->idx = start;
		driver_used_ring(d)->idx = start;
	}
	d->call = eventfd(0, EFD_NONBLOCK);
	driver_conf(d, write ? 0 : 1, &conf);
	if (d->call < 0 || vhost_ring_init(&d->ring, &conf) != 0)
		abort();
}

static inline void driver_close(struct driver *d)
{
	close(d->call);
}

/* How often the device raised the interrupt since the last call. */
static inline uint64_t driver_calls(struct driver *d)
{
	uint64_t n = 0;

	if (read(d->call, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

static inline uint16_t driver_take_id(struct driver *d)
{
	uint32_t at = test_below(&d->seed, d->n_ids);
	uint16_t id = d->ids[at];

	d->ids[at] = d->ids[--d->n_ids];
	return id;
}

/* Puts the parts into an indirect table. */
static inline struct guest_part driver_indirect(struct driver *d, const struct guest_part *parts,
						uint16_t n)
{
	/* It must not lie across the two regions. */
	uint64_t gpa = guest_alloc(d->g, 16u * n, 1);
	const uint64_t border = GUEST_DATA_GPA + GUEST_DATA;

	if (gpa < border && gpa + 16u * n > border)
		gpa = guest_alloc(d->g, 16u * n, 1);
	for (uint16_t i = 0; i < n; i++) {
		struct vring_desc s = {.addr = parts[i].gpa,
				       .len = parts[i].len,
				       .flags = d->write ? VRING_DESC_F_WRITE : 0};
		struct vring_packed_desc p = {
			.addr = s.addr, .len = s.len, .id = 0xdead, .flags = s.flags};

		if (i + 1 < n) {
			s.flags |= VRING_DESC_F_NEXT;
			s.next = i + 1;
		}
		memcpy(guest_at(d->g, gpa + 16u * i), d->packed ? (void *)&p : (void *)&s, 16);
	}
	return (struct guest_part){.gpa = gpa, .len = 16u * n};
}

static inline uint16_t driver_add_split(struct driver *d, const struct guest_part *parts,
					uint16_t n, uint16_t flags)
{
	uint16_t head = driver_take_id(d), at = head;

	for (uint16_t i = 0; i < n; i++) {
		struct vring_desc *desc = &driver_desc(d)[at];

		*desc = (struct vring_desc){
			.addr = parts[i].gpa, .len = parts[i].len, .flags = flags};
		if (i + 1 == n)
			break;
		at = driver_take_id(d);
		desc->flags |= VRING_DESC_F_NEXT;
		desc->next = at;
	}
	driver_avail(d)->ring[d->next & (d->size - 1)] = head;
	d->next++;
	__atomic_store_n(&driver_avail(d)->idx, d->next, __ATOMIC_RELEASE);
	return head;
}

static inline uint16_t driver_add_packed(struct driver *d, const struct guest_part *parts,
					 uint16_t n, uint16_t flags)
{
	struct vring_packed_desc *first = &driver_slot(d)[d->next];
	uint16_t id = driver_take_id(d), first_flags = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct vring_packed_desc *desc = &driver_slot(d)[d->next];
		uint16_t f =
			flags | (d->wrap ? 0x0080 : 0x8000) | (i + 1 < n ? VRING_DESC_F_NEXT : 0);

		desc->addr = parts[i].gpa;
		desc->len = parts[i].len;
		/* Only the last one's id counts. */
		desc->id = i + 1 < n ? 0xbeef : id;
		if (i == 0)
			first_flags = f;
		else
			desc->flags = f;
		if (++d->next == d->size) {
			d->next = 0;
			d->wrap = !d->wrap;
		}
	}
	d->slots[id] = n;
	__atomic_store_n(&first->flags, first_flags, __ATOMIC_RELEASE);
	return id;
}

/* Makes a buffer available. Returns what names it, or -1: the ring is full. */
static inline int driver_add(struct driver *d, const struct guest_part *parts, uint16_t n,
			     bool indirect)
{
	uint16_t flags = indirect ? VRING_DESC_F_INDIRECT : d->write ? VRING_DESC_F_WRITE : 0;
	struct guest_part table;
	uint16_t id;

	if (indirect ? d->n_free == 0 : d->n_free < n)
		return -1;
	if (indirect) {
		table = driver_indirect(d, parts, n);
		parts = &table;
		n = 1;
	}
	d->n_free -= n;
	id = d->packed ? driver_add_packed(d, parts, n, flags)
		       : driver_add_split(d, parts, n, flags);
	if (d->busy[id])
		abort();
	d->busy[id] = true;
	return id;
}

static inline void driver_free(struct driver *d, uint16_t id)
{
	uint16_t at = id;

	for (;;) {
		const struct vring_desc *desc = &driver_desc(d)[at];

		d->n_free++;
		d->ids[d->n_ids++] = at;
		if (!(desc->flags & VRING_DESC_F_NEXT))
			return;
		at = desc->next;
	}
}

/* A buffer that came back: true, and what names it and how much was written. Ends the program
 * where the device gives back what it has not. */
static inline bool driver_used(struct driver *d, uint16_t *id, uint32_t *len)
{
	if (d->packed) {
		const struct vring_packed_desc *desc = &driver_slot(d)[d->last];
		uint16_t flags = __atomic_load_n(&desc->flags, __ATOMIC_ACQUIRE);

		if ((flags & 0x8080) != (d->last_wrap ? 0x8080 : 0))
			return false;
		*id = desc->id;
		*len = flags & VRING_DESC_F_WRITE ? desc->len : 0;
	} else {
		struct vring_used_elem e;

		if (__atomic_load_n(&driver_used_ring(d)->idx, __ATOMIC_ACQUIRE) == d->last)
			return false;
		e = driver_used_ring(d)->ring[d->last & (d->size - 1)];
		*id = (uint16_t)e.id;
		*len = e.len;
		if (e.id >= d->size)
			abort();
	}
	if (*id >= d->size || !d->busy[*id])
		abort();
	d->busy[*id] = false;
	if (!d->packed) {
		d->last++;
		driver_free(d, *id);
		return true;
	}
	d->last += d->slots[*id];
	if (d->last >= d->size) {
		d->last -= d->size;
		d->last_wrap = !d->last_wrap;
	}
	d->n_free += d->slots[*id];
	d->ids[d->n_ids++] = *id;
	return true;
}

#endif
