/* SPDX-License-Identifier: BSD-3-Clause */
/* Split virtqueues: virtio 1.2, 2.7. */
#include "vswitch/port/vhost_copy.h"
#include "vswitch/port/vhost_ring.h"

#include <rte_prefetch.h>
#include <string.h>

/* The guest writes it, so it is read once. */
static inline uint16_t avail_index(const struct vhost_ring *r)
{
	return __atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE);
}

/* How many buffers are available, up to n. */
static uint16_t available(struct vhost_ring *r, uint16_t n)
{
	uint16_t have = r->seen - r->next;

	if (have < n) {
		r->seen = avail_index(r);
		have = r->seen - r->next;
		if (unlikely(have > r->size)) {
			r->seen = r->next;
			vhost_ring_stop(r, VHOST_FAULT_INDEX);
			return 0;
		}
	}
	return RTE_MIN(have, n);
}

/* The descriptor that begins the k-th buffer from the next one on. */
static inline uint16_t head_of(const struct vhost_ring *r, uint16_t k)
{
	return *(const volatile uint16_t *)&r->avail->ring[(uint16_t)(r->next + k) & r->mask];
}

/* One that is not a single, plain descriptor. false: no more for now. */
static bool take_chain(struct vhost_ring *r, uint16_t head, uint16_t k)
{
	enum vhost_fault fault = vhost_chain_split(&r->table, head, &r->pieces, &r->chains[k]);

	if (likely(!fault))
		return true;
	if (fault != VHOST_NO_ROOM || k == 0)
		vhost_ring_stop(r, fault == VHOST_NO_ROOM ? VHOST_FAULT_LENGTH : fault);
	return false;
}

uint16_t vhost_split_take(struct vhost_ring *r, uint16_t have, uint16_t n)
{
	const struct vring_desc *table = r->table.desc;
	uint16_t heads[VHOST_TAKE_MAX], k;

	if (have == 0)
		r->pieces.n = 0;
	if (unlikely(atomic_load_explicit(&r->fault, memory_order_relaxed)))
		return have;
	n = available(r, n);
	if (n <= have)
		return have;
	/* Where these buffers will be given back: eight entries a line. */
	for (k = have; k < n; k += VHOST_LINE / sizeof(struct vring_used_elem))
		vhost_prefetch_line(&r->used->ring[(uint16_t)(r->used_idx + k) & r->mask]);
	for (k = have; k < n; k++) {
		heads[k] = head_of(r, k);
		if (unlikely(heads[k] >= r->size)) {
			if (k == 0)
				vhost_ring_stop(r, VHOST_FAULT_HEAD);
			n = k;
			break;
		}
		rte_prefetch0(&table[heads[k]]);
	}
	for (k = have; k < n; k++) {
		const volatile struct vring_desc *d = &table[heads[k]];
		struct vhost_chain *c = &r->chains[k];

		if (k + VHOST_NEAR / 2 < n)
			vhost_chain_near(&r->table, table[heads[k + VHOST_NEAR / 2]].addr,
					 table[heads[k + VHOST_NEAR / 2]].flags);
		c->id = heads[k];
		if (unlikely(!vhost_chain_one(&r->table, d->addr, d->len, d->flags, &r->pieces,
					      c)) &&
		    !take_chain(r, heads[k], k))
			break;
	}
	return k;
}

void vhost_split_consume(struct vhost_ring *r, uint16_t n)
{
	r->next += n;
}

/* Whether the guest wants an interrupt for what became used: virtio 1.2, 2.7.7. */
static void tell(struct vhost_ring *r)
{
	uint16_t event, was = r->called;

	/* What was written must be seen before the guest's wish is read. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!r->event_idx) {
		if (!(*(const volatile uint16_t *)&r->avail->flags & VRING_AVAIL_F_NO_INTERRUPT))
			vhost_ring_call(r);
		return;
	}
	event = *(const volatile uint16_t *)&r->avail->ring[r->size];
	r->called = r->used_idx;
	if (vring_need_event(event, r->used_idx, was) || unlikely(!r->call_valid))
		vhost_ring_call(r);
	r->call_valid = true;
}

static void log_used(const struct vhost_ring *r, uint16_t from, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		rte_vhost_log_write(r->vid,
				    r->used_gpa + offsetof(struct vring_used,
							   ring[(uint16_t)(from + i) & r->mask]),
				    sizeof(struct vring_used_elem));
	rte_vhost_log_write(r->vid, r->used_gpa + offsetof(struct vring_used, idx),
			    sizeof(uint16_t));
}

void vhost_split_give(struct vhost_ring *r, uint16_t n, const uint32_t *len)
{
	struct vring_used_elem *ring = r->used->ring;
	uint16_t from = r->used_idx;

	if (n == 0)
		return;
	for (uint16_t i = 0; i < n; i++)
		ring[(uint16_t)(from + i) & r->mask] =
			(struct vring_used_elem){.id = r->chains[i].id, .len = len ? len[i] : 0};
	r->used_idx += n;
	/* All at once: a packet in several buffers is never seen in part, and a successor of a
	 * killed flued finds in this index alone which buffers were not given back, because it is
	 * in their order. */
	__atomic_store_n(&r->used->idx, r->used_idx, __ATOMIC_RELEASE);
	if (unlikely(r->log))
		log_used(r, from, n);
	tell(r);
}
