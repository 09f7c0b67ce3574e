/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vhost/link_ring.h"

#include <string.h>

#define HEADER sizeof(struct virtio_net_hdr_v1)

void hv_link_ring_place(struct hv_link_ring *q, void *p, uint8_t *buf, uint64_t buf_gpa)
{
	uint8_t *at = p;

	q->desc = (struct vring_desc *)at;
	at += HV_LINK_RING * sizeof(struct vring_desc);
	q->used = (struct vring_used *)at;
	at += sizeof(struct vring_used) + HV_LINK_RING * sizeof(struct vring_used_elem) + 4;
	q->avail = (struct vring_avail *)at;
	q->buf = buf;
	q->buf_gpa = buf_gpa;
}

void hv_link_ring_reset(struct hv_link_ring *q)
{
	q->broken = false;
	q->avail_idx = q->used_seen = 0;
	q->free_n = HV_LINK_RING;
	q->free_head = 0;
	q->taken_n = 0;
	for (unsigned int i = 0; i < HV_LINK_RING; i++) {
		q->next[i] = (uint16_t)(i + 1);
		q->chain[i] = 0;
	}
	memset(q->desc, 0, HV_LINK_RING_BYTES);
}

static void publish(struct hv_link_ring *q, uint16_t head)
{
	q->avail->ring[q->avail_idx % HV_LINK_RING] = head;
	q->avail_idx++;
	__atomic_store_n(&q->avail->idx, q->avail_idx, __ATOMIC_RELEASE);
}

static void give(struct hv_link_ring *q, uint16_t i)
{
	q->desc[i] = (struct vring_desc){
		.addr = q->buf_gpa + (uint64_t)i * HV_LINK_BUF,
		.len = HV_LINK_BUF,
		.flags = VRING_DESC_F_WRITE,
	};
	q->chain[i] = 1;
	publish(q, i);
}

void hv_link_ring_fill(struct hv_link_ring *q)
{
	while (q->free_n) {
		uint16_t i = q->free_head;

		q->free_head = q->next[i];
		q->free_n--;
		give(q, i);
	}
}

bool hv_link_ring_has_used(const struct hv_link_ring *q)
{
	return __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) != q->used_seen;
}

/* The used element n after the last one seen. False: it is none that could be. */
static bool element(struct hv_link_ring *q, unsigned int n, uint32_t *id, uint32_t *len)
{
	volatile struct vring_used_elem *u =
		&q->used->ring[(uint16_t)(q->used_seen + n) % HV_LINK_RING];

	*id = u->id;
	*len = u->len;
	if (*id < HV_LINK_RING && q->chain[*id])
		return true;
	q->broken = true;
	return false;
}

/* How many elements wait; more than the ring has is nonsense. */
static unsigned int waiting(struct hv_link_ring *q)
{
	uint16_t n = (uint16_t)(__atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) - q->used_seen);

	if (n <= HV_LINK_RING && !q->broken)
		return n;
	q->broken = true;
	return 0;
}

static void reclaim(struct hv_link_ring *q)
{
	for (unsigned int n = waiting(q); n; n--) {
		uint32_t id, len;

		if (!element(q, 0, &id, &len))
			return;
		uint16_t last = (uint16_t)id, count = q->chain[id];
		for (uint16_t i = 1; i < count; i++)
			last = q->next[last];
		q->next[last] = q->free_head;
		q->free_head = (uint16_t)id;
		q->free_n += count;
		q->chain[id] = 0;
		q->used_seen++;
	}
}

static size_t length(const struct iovec *iov, unsigned int n)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

/* Where the next byte of a frame goes. */
struct cursor {
	struct hv_link_ring *q;
	uint16_t at; /* descriptor */
	uint32_t used;
};

static void put(struct cursor *c, const uint8_t *from, size_t len)
{
	while (len) {
		if (c->used == HV_LINK_BUF) {
			struct vring_desc *d = &c->q->desc[c->at];

			d->len = HV_LINK_BUF;
			d->flags = VRING_DESC_F_NEXT;
			d->next = c->q->next[c->at];
			c->at = c->q->next[c->at];
			c->used = 0;
		}
		size_t part = HV_LINK_BUF - c->used < len ? HV_LINK_BUF - c->used : len;
		memcpy(c->q->buf + (size_t)c->at * HV_LINK_BUF + c->used, from, part);
		c->used += (uint32_t)part;
		from += part;
		len -= part;
	}
}

bool hv_link_ring_send(struct hv_link_ring *q, const struct iovec *iov, unsigned int n,
		       const struct virtio_net_hdr *hdr)
{
	struct virtio_net_hdr_v1 header = {0};
	size_t bytes = HEADER + length(iov, n);
	uint16_t need = (uint16_t)((bytes + HV_LINK_BUF - 1) / HV_LINK_BUF);

	if (q->free_n < need)
		reclaim(q);
	if (q->free_n < need)
		return false;
	memcpy(&header, hdr, sizeof(*hdr));
	struct cursor c = {q, q->free_head, 0};
	uint16_t head = q->free_head, last = head;
	for (uint16_t i = 0; i < need; i++) {
		q->desc[last].addr = q->buf_gpa + (uint64_t)last * HV_LINK_BUF;
		last = q->next[last];
	}
	put(&c, (const uint8_t *)&header, HEADER);
	for (unsigned int i = 0; i < n; i++)
		put(&c, iov[i].iov_base, iov[i].iov_len);
	q->desc[c.at].len = c.used;
	q->desc[c.at].flags = 0;
	q->free_head = last;
	q->free_n -= need;
	q->chain[head] = need;
	publish(q, head);
	return true;
}

/* Takes the n oldest elements for one frame, their bytes as pieces while there is room for them. */
static bool take(struct hv_link_ring *q, unsigned int n)
{
	struct hv_link_frame *f = &q->frame;

	f->n = 0;
	f->bytes = 0;
	for (unsigned int i = 0; i < n; i++) {
		uint32_t id, len, skip = i == 0 ? HEADER : 0;

		if (!element(q, i, &id, &len))
			return false;
		if (len > HV_LINK_BUF || len < skip) {
			q->broken = true;
			return false;
		}
		q->taken[i] = (uint16_t)id;
		q->chain[id] = 0; /* the same one cannot come twice */
		if (len == skip)
			continue;
		f->iov[f->n].iov_base = q->buf + (size_t)id * HV_LINK_BUF + skip;
		f->iov[f->n].iov_len = len - skip;
		f->bytes += len - skip;
		f->n++;
	}
	q->taken_n = (uint16_t)n;
	return true;
}

bool hv_link_ring_peek(struct hv_link_ring *q, struct hv_link_frame *f)
{
	struct virtio_net_hdr_v1 header;
	uint32_t id, len;

	if (q->taken_n == 0) {
		unsigned int there = waiting(q);

		if (there == 0 || !element(q, 0, &id, &len))
			return false;
		memcpy(&header, q->buf + (size_t)id * HV_LINK_BUF, HEADER);
		unsigned int n = q->mergeable ? header.num_buffers : 1;
		if (n == 0 || n > there || n > HV_LINK_PIECES) {
			q->broken = true;
			return false;
		}
		if (!take(q, n))
			return false;
		memcpy(&q->frame.hdr, &header, sizeof(q->frame.hdr));
	}
	*f = q->frame;
	return true;
}

void hv_link_ring_drop(struct hv_link_ring *q)
{
	for (unsigned int i = 0; i < q->taken_n; i++)
		give(q, q->taken[i]);
	q->used_seen += q->taken_n;
	q->taken_n = 0;
}

bool hv_link_ring_wants_kick(const struct hv_link_ring *q)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(__atomic_load_n(&q->used->flags, __ATOMIC_RELAXED) & VRING_USED_F_NO_NOTIFY);
}

void hv_link_ring_want_call(struct hv_link_ring *q, bool want)
{
	__atomic_store_n(&q->avail->flags, want ? 0 : VRING_AVAIL_F_NO_INTERRUPT, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
