/* SPDX-License-Identifier: BSD-3-Clause */
/* Split virtqueues: virtio 1.2, 2.7. Descriptor n is buffer n, for good. */
#include "hv-core/microguest/vq.h"

enum { NO_INTERRUPT = 1, EVENT_AGAIN = 16384 };

static uint16_t used_index(const struct mg_vq *q)
{
	return __atomic_load_n(&q->used_ring->idx, __ATOMIC_ACQUIRE);
}

void mg_vq_init_split(struct mg_vq *q)
{
	for (uint32_t i = 0; i < q->size; i++) {
		q->desc[i].addr = q->addr[i];
		q->desc[i].len = q->len[i];
		q->desc[i].split.flags = q->flags;
		q->avail_ring->ring[i] = (uint16_t)i;
	}
	if (q->event_idx)
		q->avail_ring->ring[q->size] = (uint16_t)-1;
	else
		q->avail_ring->flags = NO_INTERRUPT;
}

/* With the event index there is no "never": the device interrupts when it passes a place. That
 * place is kept behind it. */
static inline void no_interrupt(struct mg_vq *q)
{
	if (!q->event_idx || q->used - q->event_at < EVENT_AGAIN)
		return;
	q->event_at = q->used;
	q->avail_ring->ring[q->size] = (uint16_t)(q->used - 1);
}

void mg_vq_reclaim_split(struct mg_vq *q)
{
	uint16_t n = (uint16_t)(used_index(q) - q->used);

	if (q->in_order) {
		q->used += n;
		q->room += n;
	} else {
		while (n--)
			mg_vq_back(q, (uint16_t)mg_vq_slot(
					      q, q->used_ring->ring[mg_vq_slot(q, q->used)].id));
	}
	no_interrupt(q);
}

uint32_t mg_vq_came_split(struct mg_vq *q, struct mg_came *came, uint32_t n)
{
	uint32_t have = (uint16_t)(used_index(q) - q->used);

	n = n < have ? n : have;
	for (uint32_t i = 0; i < n; i++) {
		const volatile struct mg_used_elem *e = &q->used_ring->ring[mg_vq_slot(q, q->used)];

		if (!mg_vq_implied(q, &came[i]))
			came[i] = mg_vq_entry(q, e->id, e->len);
		mg_vq_back(q, came[i].id);
	}
	if (n)
		no_interrupt(q);
	return n;
}

/* 2.7.10: told a place, the driver kicks when it passes that. */
static inline bool wants_kick(const struct mg_vq *q, uint16_t old)
{
	uint16_t now = (uint16_t)q->avail, event;

	/* What was written must be seen before the device's wish is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!q->event_idx)
		return !(q->used_ring->flags & 1);
	event = *(const volatile uint16_t *)&q->used_ring->ring[q->size];
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

void mg_vq_give_split(struct mg_vq *q, uint32_t n)
{
	uint16_t old = (uint16_t)q->avail;

	if (!n)
		return;
	for (uint32_t k = 0; !q->in_order && k < n; k++) {
		uint16_t id = q->order[mg_vq_slot(q, q->order_head++)];
		uint16_t *to = &q->avail_ring->ring[mg_vq_slot(q, q->avail + k)];

		if (*to != id)
			*to = id;
	}
	q->avail += n;
	q->room -= n;
	__atomic_store_n(&q->avail_ring->idx, (uint16_t)q->avail, __ATOMIC_RELEASE);
	if (wants_kick(q, old))
		*q->notify = q->index;
}
