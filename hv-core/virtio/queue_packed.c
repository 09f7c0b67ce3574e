/* SPDX-License-Identifier: BSD-3-Clause */
/* The packed ring: one ring of descriptors that driver and device both write, told apart by two
 * flags against wrap counters (2.8). */
#include "hv-core/virtio/queue_impl.h"

#include <endian.h>

#define AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define USED  (1u << VRING_PACKED_DESC_F_USED)
#define FLAGS 14 /* offset in a descriptor */

#define EVENT_WRAP (1u << VRING_PACKED_EVENT_F_WRAP_CTR)

static uint8_t *slot(const struct hv_vq *q, unsigned int n)
{
	return q->desc + 16 * (size_t)n;
}

/* 2.8.1: available when the AVAIL bit is the wrap counter and the USED bit is not. */
static bool is_available(const struct hv_vq *q)
{
	uint16_t flags = le16toh(hv_vq_load16(slot(q, q->avail) + FLAGS));

	return !(flags & AVAIL) != q->avail_wrap && !(flags & USED) == q->avail_wrap;
}

static void advance(const struct hv_vq *q, uint16_t *at, bool *wrap, uint16_t by)
{
	*at = (uint16_t)(*at + by);
	if (*at < q->size)
		return;
	*at = (uint16_t)(*at - q->size);
	*wrap = !*wrap;
}

/* The id is in the chain's last descriptor (2.8.6). An indirect one stands alone (2.8.7). */
int hv_vq_packed_pop(struct hv_vq *q, struct hv_vq_chain *c)
{
	unsigned int at = q->avail, left = q->size - q->in_flight;
	struct hv_vq_desc d;
	int rc;

	if (left == 0 || !is_available(q))
		return 0;
	for (c->slots = 0;; at = at + 1 == q->size ? 0 : at + 1) {
		if (c->slots == left)
			return hv_vq_break(q, "a chain is longer than what is left of the queue");
		d = hv_vq_desc_packed(q->desc, at);
		if (d.flags & VRING_DESC_F_INDIRECT && c->slots)
			return hv_vq_break(q, "an indirect descriptor within a chain");
		c->slots++;
		rc = d.flags & VRING_DESC_F_INDIRECT ? hv_vq_add_indirect(q, c, &d)
						     : hv_vq_add(q, c, &d);
		if (rc)
			return rc;
		if (!(d.flags & VRING_DESC_F_NEXT))
			break;
	}
	c->id = d.id;
	advance(q, &q->avail, &q->avail_wrap, c->slots);
	q->in_flight = (uint16_t)(q->in_flight + c->slots);
	return 1;
}

/* The flags go last: the driver may take the descriptor as soon as it sees them. */
void hv_vq_packed_push(struct hv_vq *q, const struct hv_vq_chain *c, uint32_t written)
{
	uint8_t *d = slot(q, q->used);
	uint32_t len = htole32(written);
	uint16_t id = htole16(c->id), flags = (uint16_t)((q->used_wrap ? AVAIL | USED : 0) |
							 (written ? VRING_DESC_F_WRITE : 0));

	memcpy(d + 8, &len, sizeof(len));
	memcpy(d + 12, &id, sizeof(id));
	hv_vq_store16(d + FLAGS, htole16(flags));
	advance(q, &q->used, &q->used_wrap, c->slots);
	q->in_flight = (uint16_t)(q->in_flight - c->slots);
}

/* 2.8.10: the driver's event structure, offset and wrap counter, then flags. Both are read at once,
 * so that they belong together. */
bool hv_vq_packed_needs_call(struct hv_vq *q)
{
	uint32_t both = le32toh(__atomic_load_n((const uint32_t *)q->driver, __ATOMIC_ACQUIRE));
	uint16_t event = (uint16_t)both, flags = (uint16_t)(both >> 16) & 3, was = q->called;

	if (flags != VRING_PACKED_EVENT_FLAG_DESC || !q->event_idx)
		return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
	if (!q->called_valid)
		return true;
	/* As positions in one row: what lies a round back is below zero. */
	if (q->called_wrap != q->used_wrap)
		was = (uint16_t)(was - q->size);
	event = (uint16_t)((event & ~EVENT_WRAP) -
			   (!(event & EVENT_WRAP) == q->used_wrap ? q->size : 0));
	return vring_need_event(event, q->used, was);
}

bool hv_vq_packed_listen(struct hv_vq *q, bool on)
{
	hv_vq_store16(q->device + 2, htole16(on ? VRING_PACKED_EVENT_FLAG_ENABLE
						: VRING_PACKED_EVENT_FLAG_DISABLE));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return on && is_available(q);
}
