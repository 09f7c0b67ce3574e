/* SPDX-License-Identifier: BSD-3-Clause */
/* Packed virtqueues: virtio 1.2, 2.8. */
#include "vswitch/port/vhost_copy.h"
#include "vswitch/port/vhost_ring.h"

#define AVAIL (1 << VRING_PACKED_DESC_F_AVAIL)
#define USED  (1 << VRING_PACKED_DESC_F_USED)

/* A slot and its lap. */
struct spot {
	uint16_t at;
	bool wrap;
};

static struct spot step(const struct vhost_ring *r, struct spot s, uint16_t slots)
{
	uint32_t at = (uint32_t)s.at + slots;

	if (at < r->size)
		return (struct spot){.at = (uint16_t)at, .wrap = s.wrap};
	return (struct spot){.at = (uint16_t)(at - r->size), .wrap = !s.wrap};
}

static struct vring_packed_desc *slot(const struct vhost_ring *r, uint16_t at)
{
	return (struct vring_packed_desc *)(uintptr_t)r->table.desc + at;
}

/* false: no more for now. */
static bool take_chain(struct vhost_ring *r, uint16_t at, uint16_t k)
{
	enum vhost_fault fault = vhost_chain_packed(&r->table, at, &r->pieces, &r->chains[k]);

	if (likely(!fault))
		return true;
	if (fault != VHOST_NO_ROOM || k == 0)
		vhost_ring_stop(r, fault == VHOST_NO_ROOM ? VHOST_FAULT_LENGTH : fault);
	return false;
}

/* The guest wrote the descriptors, and we shall write them as used ones. */
static inline void near(const struct vhost_ring *r, struct spot s)
{
	const struct vring_packed_desc *d;

	if (unlikely(r->size <= 4 * VHOST_NEAR))
		return;
	vhost_prefetch_line(slot(r, step(r, s, 2 * VHOST_NEAR).at));
	d = slot(r, step(r, s, VHOST_NEAR / 2).at);
	vhost_chain_near(&r->table, d->addr, d->flags);
}

uint16_t vhost_packed_take(struct vhost_ring *r, uint16_t have, uint16_t n)
{
	struct spot s = {.at = r->next, .wrap = r->wrap};
	uint16_t k;

	if (have == 0)
		r->pieces.n = 0;
	if (unlikely(atomic_load_explicit(&r->fault, memory_order_relaxed)))
		return have;
	for (k = 0; k < have; k++)
		s = step(r, s, r->chains[k].slots);
	for (; k < n; k++) {
		const struct vring_packed_desc *p = slot(r, s.at);
		uint16_t flags = __atomic_load_n(&p->flags, __ATOMIC_ACQUIRE);
		const volatile struct vring_packed_desc *d = p;
		struct vhost_chain *c = &r->chains[k];

		if (!!(flags & AVAIL) != s.wrap || !!(flags & USED) == s.wrap)
			break;
		near(r, s);
		c->id = d->id;
		if (unlikely(c->id >= r->size ||
			     !vhost_chain_one(&r->table, d->addr, d->len, flags, &r->pieces, c)) &&
		    !take_chain(r, s.at, k))
			break;
		s = step(r, s, c->slots);
	}
	return k;
}

void vhost_packed_consume(struct vhost_ring *r, uint16_t n)
{
	struct spot s = {.at = r->next, .wrap = r->wrap};

	for (uint16_t i = 0; i < n; i++)
		s = step(r, s, r->chains[i].slots);
	r->next = s.at;
	r->wrap = s.wrap;
}

/* Whether the guest wants an interrupt for what became used since slot `was`: virtio 1.2, 2.8.10.
 */
static void tell(struct vhost_ring *r)
{
	const volatile struct vring_packed_desc_event *e = r->driver_event;
	uint16_t was = r->called, now = r->used_idx, event, flags;

	/* What was written must be seen before the guest's wish is read. */
	atomic_thread_fence(memory_order_seq_cst);
	flags = e->flags;
	r->called = now;
	if (flags == VRING_PACKED_EVENT_FLAG_DISABLE)
		return;
	if (!r->event_idx || flags != VRING_PACKED_EVENT_FLAG_DESC || !r->call_valid) {
		r->call_valid = true;
		vhost_ring_call(r);
		return;
	}
	/* The order in which the guest wrote both. */
	atomic_thread_fence(memory_order_acquire);
	event = e->off_wrap;
	/* Slots of this lap count from 0 on, those of the lap before lie below. */
	if (now <= was)
		was -= r->size;
	if ((event >> VRING_PACKED_EVENT_F_WRAP_CTR) != r->used_wrap)
		event = (event & 0x7fff) - r->size;
	else
		event &= 0x7fff;
	if (vring_need_event(event, now, was))
		vhost_ring_call(r);
}

void vhost_packed_give(struct vhost_ring *r, uint16_t n, const uint32_t *len)
{
	struct spot s = {.at = r->used_idx, .wrap = r->used_wrap};
	struct vring_packed_desc *first = slot(r, s.at);
	uint16_t first_flags = 0;

	if (n == 0)
		return;
	for (uint16_t i = 0; i < n; i++) {
		struct vring_packed_desc *d = slot(r, s.at);
		uint16_t flags = s.wrap ? AVAIL | USED : 0;

		if (len && len[i] > 0)
			flags |= VRING_DESC_F_WRITE;
		d->id = r->chains[i].id;
		d->len = len ? len[i] : 0;
		if (i == 0)
			first_flags = flags;
		else
			d->flags = flags;
		if (unlikely(r->log))
			vhost_ring_log(r, d, sizeof(*d));
		s = step(r, s, r->chains[i].slots);
	}
	/* The guest looks at the first before the others: all become visible at once. */
	__atomic_store_n(&first->flags, first_flags, __ATOMIC_RELEASE);
	if (unlikely(r->log))
		vhost_ring_log(r, first, sizeof(*first));
	r->used_idx = s.at;
	r->used_wrap = s.wrap;
	tell(r);
}
