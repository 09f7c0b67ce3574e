/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/mirror_ring.h"

#include <errno.h>
#include <rte_atomic.h>
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>
#include <string.h>

enum {
	BURST = 32,
	HEAD = MIRROR_NET_HDR + MIRROR_HEAD,
	CHAIN_MAX = 1024, /* descriptors in a chain, the ring's size at most */
	BUFFERS_MAX = 64, /* a frame of 64 KB in buffers of 1 KB */
	NUM_BUFFERS_AT = 10,
};

static inline void *at(const struct rte_vhost_memory *mem, uint64_t addr, uint64_t len)
{
	uint64_t have = len;
	void *p = (void *)(uintptr_t)rte_vhost_va_from_guest_pa(
		(struct rte_vhost_memory *)(uintptr_t)mem, addr, &have);

	return have == len ? p : NULL;
}

static inline uint16_t available(const struct mirror_ring *r)
{
	uint16_t idx = __atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE);

	return (uint16_t)(idx - r->next);
}

/* A frame in a transmit ring. */
struct source {
	uint16_t id;
	uint32_t len;	     /* with the virtio header */
	const uint8_t *head; /* of its first descriptor */
	uint32_t head_len;
	const struct vring_desc *table; /* where its descriptors are */
	uint32_t table_size;
	const struct vring_desc *first;
};

/* The chain's length and its first bytes' place. */
static int look(const struct mirror_ring *r, uint16_t id, struct source *s)
{
	const struct vring_desc *d;
	uint32_t links = 0;
	uint64_t len = 0;

	if (unlikely(id >= r->size))
		return -EBADMSG;
	s->id = id;
	s->table = r->desc;
	s->table_size = r->size;
	d = &r->desc[id];
	if (d->flags & VRING_DESC_F_INDIRECT) {
		uint32_t bytes = d->len;

		s->table = at(r->mem, d->addr, bytes);
		s->table_size = bytes / sizeof(*d);
		if (!s->table || s->table_size == 0)
			return -EBADMSG;
		d = s->table;
	}
	s->first = d;
	s->head_len = RTE_MIN(d->len, (uint32_t)HEAD);
	s->head = at(r->mem, d->addr, s->head_len);
	for (;;) {
		len += d->len;
		if (!(d->flags & VRING_DESC_F_NEXT))
			break;
		if (unlikely(d->next >= s->table_size || ++links > CHAIN_MAX))
			return -EBADMSG;
		d = &s->table[d->next];
	}
	if (unlikely(!s->head || len < MIRROR_NET_HDR + 14 || len > 0x20000))
		return -EBADMSG;
	s->len = (uint32_t)len;
	return 0;
}

/* The frame's first bytes when they lie over several descriptors. */
static int gather(const struct mirror_ring *r, const struct source *s, uint8_t *to, uint32_t want)
{
	const struct vring_desc *d = s->first;
	uint32_t got = 0, n;

	for (;;) {
		const void *p;

		n = RTE_MIN(d->len, want - got);
		p = at(r->mem, d->addr, n);
		if (!p)
			return -EBADMSG;
		memcpy(to + got, p, n);
		got += n;
		/* The chain was walked before, but its owner may have changed it. */
		if (got == want || !(d->flags & VRING_DESC_F_NEXT) || d->next >= s->table_size ||
		    n == 0)
			break;
		d = &s->table[d->next];
	}
	return got == want ? 0 : -EBADMSG;
}

struct buffers {
	uint16_t id[BUFFERS_MAX];
	uint32_t len[BUFFERS_MAX];
	uint32_t n;
	uint8_t *first; /* where the first buffer is */
	uint32_t first_len;
};

/* Receive buffers for so many bytes. 1; 0 when there are too few now. */
static int reserve(const struct mirror_ring *r, uint32_t len, struct buffers *b)
{
	uint16_t have = available(r);

	/* Not the lists: they are written before they are read, and long. */
	b->n = 0;
	b->first = NULL;
	b->first_len = 0;
	while (len) {
		const struct vring_desc *d;
		uint16_t id;
		uint32_t n;

		if (b->n == have)
			return 0;
		if (unlikely(b->n == BUFFERS_MAX))
			return -EBADMSG;
		id = r->avail->ring[(uint16_t)(r->next + b->n) & (r->size - 1)];
		if (unlikely(id >= r->size))
			return -EBADMSG;
		d = &r->desc[id];
		/* With merged buffers a guest gives one descriptor each. */
		if (unlikely(d->flags != VRING_DESC_F_WRITE || d->len < HEAD))
			return -EBADMSG;
		n = RTE_MIN(d->len, len);
		if (b->n == 0) {
			b->first_len = RTE_MIN(n, (uint32_t)HEAD);
			b->first = at(r->mem, d->addr, b->first_len);
			if (unlikely(!b->first))
				return -EBADMSG;
		}
		b->id[b->n] = id;
		b->len[b->n++] = n;
		len -= n;
	}
	return 1;
}

static inline void give_back(struct mirror_ring *r, uint16_t id, uint32_t len)
{
	struct vring_used_elem *u = &r->used->ring[r->used_next++ & (r->size - 1)];

	u->id = id;
	u->len = len;
}

static int move_one(const struct mirror_ring *from, struct mirror_ring *to, const struct source *s)
{
	struct buffers b;
	uint16_t num;
	int ret = reserve(to, s->len, &b);

	if (ret <= 0)
		return ret;
	if (likely(s->head_len == HEAD && b.first_len == HEAD)) {
		memcpy(b.first, s->head, HEAD);
	} else if (s->head_len >= b.first_len) {
		memcpy(b.first, s->head, b.first_len);
	} else if (gather(from, s, b.first, b.first_len) != 0) {
		return -EBADMSG;
	}
	num = (uint16_t)b.n;
	memcpy(b.first + NUM_BUFFERS_AT, &num, sizeof(num));
	for (uint32_t i = 0; i < b.n; i++)
		give_back(to, b.id[i], b.len[i]);
	to->next = (uint16_t)(to->next + b.n);
	return 1;
}

int mirror_move(struct mirror_ring *from, struct mirror_ring *to, uint32_t max)
{
	uint32_t n = available(from), done = 0;
	struct source sources[BURST];
	int ret = 0;

	n = RTE_MIN(n, (uint32_t)BURST);
	n = RTE_MIN(n, max);
	if (n == 0 || available(to) == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t id = from->avail->ring[(uint16_t)(from->next + i) & (from->size - 1)];

		ret = look(from, id, &sources[i]);
		if (unlikely(ret != 0))
			return ret;
		rte_prefetch0(sources[i].head);
	}
	while (done < n && (ret = move_one(from, to, &sources[done])) == 1) {
		give_back(from, sources[done].id, 0);
		done++;
	}
	if (done) {
		from->next = (uint16_t)(from->next + done);
		__atomic_store_n(&to->used->idx, to->used_next, __ATOMIC_RELEASE);
		__atomic_store_n(&from->used->idx, from->used_next, __ATOMIC_RELEASE);
	}
	return ret < 0 ? ret : (int)done;
}
