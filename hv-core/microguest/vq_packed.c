/* SPDX-License-Identifier: BSD-3-Clause */
/* Packed virtqueues: virtio 1.2, 2.8. A slot holds whichever buffer is made available there. */
#include "hv-core/microguest/vq.h"

enum { EVENT_DISABLE = 1, EVENT_DESC = 2 };

/* The wrap counter of the n-th buffer's lap; it begins as 1. */
static inline bool lap(const struct mg_vq *q, uint32_t n)
{
	return !(n >> q->shift & 1);
}

void mg_vq_init_packed(struct mg_vq *q)
{
	for (uint32_t i = 0; i < q->size; i++)
		q->desc[i].addr = q->addr[i];
	q->driver->flags = EVENT_DISABLE;
}

/* Is the next descriptor used? Its other fields are read after that. */
static inline bool is_used(const struct mg_vq *q)
{
	uint16_t flags =
		__atomic_load_n(&q->desc[mg_vq_slot(q, q->used)].packed.flags, __ATOMIC_ACQUIRE);
	bool wrap = lap(q, q->used);

	return !!(flags & MG_DESC_AVAIL) == wrap && !!(flags & MG_DESC_USED) == wrap;
}

uint32_t mg_vq_came_packed(struct mg_vq *q, struct mg_came *came, uint32_t n)
{
	uint32_t i = 0;

	for (; i < n && q->used != q->avail; i++) {
		const struct mg_desc *d = &q->desc[mg_vq_slot(q, q->used)];

		if (!mg_vq_implied(q, &came[i])) {
			if (!is_used(q))
				break;
			came[i] = mg_vq_entry(q, d->packed.id, d->len);
		}
		mg_vq_back(q, came[i].id);
	}
	return i;
}

void mg_vq_reclaim_packed(struct mg_vq *q)
{
	struct mg_came came;

	while (mg_vq_came_packed(q, &came, 1))
		;
}

/* 2.8.10. */
static inline bool wants_kick(const struct mg_vq *q, uint32_t n)
{
	uint32_t size = q->size, now = mg_vq_slot(q, q->avail), event;
	uint16_t flags, off_wrap;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	flags = q->device->flags;
	if (flags != EVENT_DESC || !q->event_idx)
		return flags != EVENT_DISABLE;
	off_wrap = q->device->off_wrap;
	event = off_wrap & 0x7fff;
	/* Places of the lap before lie below 0. */
	if (!!(off_wrap >> 15) != lap(q, q->avail))
		event -= size;
	return (uint16_t)(now - event - 1) < (uint16_t)n;
}

void mg_vq_give_packed(struct mg_vq *q, uint32_t n)
{
	if (!n)
		return;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t at = q->avail + k, slot = mg_vq_slot(q, at);
		uint16_t id = mg_vq_next(q, k);
		uint16_t flags = q->flags | (lap(q, at) ? MG_DESC_AVAIL : MG_DESC_USED);
		uint64_t rest = q->len[id] | (uint64_t)id << 32 | (uint64_t)flags << 48;

		if (q->desc[slot].addr != q->addr[id])
			q->desc[slot].addr = q->addr[id];
		/* Length, id and flags at once: the descriptor is the device's from here on. */
		__atomic_store_n((uint64_t *)(void *)&q->desc[slot].len, rest, __ATOMIC_RELEASE);
	}
	if (!q->in_order)
		q->order_head += n;
	q->avail += n;
	q->room -= n;
	if (wants_kick(q, n))
		*q->notify = q->index;
}
