/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of a virtqueue, split (virtio 1.2, 2.7) and packed (2.8), polled.
 *
 * Each buffer is one descriptor and has a place for good: addr[id]. Buffers go round: those of a
 * receive ring are made available again in the order in which they came back, and where the device
 * keeps the order too, entry n of a ring always names buffer n. So nothing but an index is written
 * to a split ring, and the lines the device reads stay in its cache.
 *
 * Interrupts are never wanted. A kick is given when the device asks for it.
 */
#ifndef HV_CORE_MICROGUEST_VQ_H
#define HV_CORE_MICROGUEST_VQ_H

#include <stdbool.h>
#include <stdint.h>

enum { MG_DESC_WRITE = 2, MG_DESC_AVAIL = 1 << 7, MG_DESC_USED = 1 << 15 };

struct mg_desc {
	uint64_t addr;
	uint32_t len;
	union {
		struct {
			uint16_t flags, next;
		} split;
		struct {
			uint16_t id, flags;
		} packed;
	};
};

struct mg_avail {
	uint16_t flags, idx, ring[];
};

struct mg_used_elem {
	uint32_t id, len;
};

struct mg_used {
	uint16_t flags, idx;
	struct mg_used_elem ring[];
};

struct mg_event { /* packed: 2.8.10 */
	uint16_t off_wrap, flags;
};

struct mg_vq {
	struct mg_desc *desc;
	union {
		struct mg_avail *avail_ring;
		struct mg_event *driver;
	};
	union {
		const volatile struct mg_used *used_ring;
		const volatile struct mg_event *device;
	};
	uint32_t size, shift; /* size == 1 << shift */
	uint32_t avail, used; /* how many were ever made available, and seen used */
	uint32_t room;	      /* buffers that are ours now */
	uint32_t event_at;    /* `used` when the device was last told not to interrupt */
	uint64_t *addr;	      /* by id */
	uint32_t *len;	      /* by id: bytes the device may read or write */
	uint16_t *order;      /* ids that are ours; in order it is not used */
	uint32_t order_head, order_tail;
	uint32_t batch_left, batch_len; /* in order: see mg_vq_implied() */
	uint16_t flags;			/* of each descriptor */
	uint16_t index;
	volatile uint16_t *notify;
	bool packed, in_order, event_idx;
};

struct mg_came {
	uint16_t id;
	uint32_t len;
};

static inline uint32_t mg_vq_slot(const struct mg_vq *q, uint32_t n)
{
	return n & (q->size - 1);
}

/* Sets the ring up in zeroed memory; all buffers are ours. Everything else of it is set already:
 * where it lies, its size, its buffers, what was negotiated. */
void mg_vq_init_split(struct mg_vq *q);
void mg_vq_init_packed(struct mg_vq *q);
static inline void mg_vq_init(struct mg_vq *q)
{
	q->room = q->order_tail = q->size;
	for (uint32_t i = 0; i < q->size; i++)
		q->order[i] = (uint16_t)i;
	if (q->packed)
		mg_vq_init_packed(q);
	else
		mg_vq_init_split(q);
}

/* How many buffers are ours, at least looking for `want`. */
void mg_vq_reclaim_split(struct mg_vq *q);
void mg_vq_reclaim_packed(struct mg_vq *q);
static inline uint32_t mg_vq_room(struct mg_vq *q, uint32_t want)
{
	/* Looking takes the line from the device: only when it is needed. */
	if (q->room < want) {
		if (q->packed)
			mg_vq_reclaim_packed(q);
		else
			mg_vq_reclaim_split(q);
	}
	return q->room < want ? q->room : want;
}

/* The k-th of those that are ours. */
static inline uint16_t mg_vq_next(const struct mg_vq *q, uint32_t k)
{
	if (q->in_order)
		return (uint16_t)mg_vq_slot(q, q->avail + k);
	return q->order[mg_vq_slot(q, q->order_head + k)];
}

/* Bytes of a buffer that is ours. */
static inline void mg_vq_set_len(struct mg_vq *q, uint16_t id, uint32_t len)
{
	if (q->len[id] == len)
		return;
	q->len[id] = len;
	if (!q->packed)
		q->desc[id].len = len;
}

/* Makes the next n that are ours available. */
void mg_vq_give_split(struct mg_vq *q, uint32_t n);
void mg_vq_give_packed(struct mg_vq *q, uint32_t n);
static inline void mg_vq_give(struct mg_vq *q, uint32_t n)
{
	if (q->packed)
		mg_vq_give_packed(q, n);
	else
		mg_vq_give_split(q, n);
}

/* For receive rings: which buffers came back, up to n, and how much was written to each. They are
 * ours then; giving as many gives the same ones. */
uint32_t mg_vq_came_split(struct mg_vq *q, struct mg_came *came, uint32_t n);
uint32_t mg_vq_came_packed(struct mg_vq *q, struct mg_came *came, uint32_t n);
static inline uint32_t mg_vq_came(struct mg_vq *q, struct mg_came *came, uint32_t n)
{
	return q->packed ? mg_vq_came_packed(q, came, n) : mg_vq_came_split(q, came, n);
}

/* A device that keeps the order may write the used entry of the last of several buffers only, in
 * the first one's place; those before it were filled (2.7.9, 2.8.9). */
static inline bool mg_vq_implied(struct mg_vq *q, struct mg_came *c)
{
	uint32_t slot = mg_vq_slot(q, q->used);

	if (__builtin_expect(!q->batch_left, 1))
		return false;
	*c = (struct mg_came){(uint16_t)slot, --q->batch_left ? q->len[slot] : q->batch_len};
	return true;
}

/* What the entry in the next place says. */
static inline struct mg_came mg_vq_entry(struct mg_vq *q, uint32_t id, uint32_t len)
{
	uint32_t slot = mg_vq_slot(q, q->used);

	id = mg_vq_slot(q, id);
	if (__builtin_expect(!q->in_order || id == slot, 1))
		return (struct mg_came){(uint16_t)id, len};
	q->batch_left = mg_vq_slot(q, id - slot);
	q->batch_len = len;
	return (struct mg_came){(uint16_t)slot, q->len[slot]};
}

/* A buffer is ours again. */
static inline void mg_vq_back(struct mg_vq *q, uint16_t id)
{
	q->used++;
	q->room++;
	if (!q->in_order)
		q->order[mg_vq_slot(q, q->order_tail++)] = id;
}

#endif
