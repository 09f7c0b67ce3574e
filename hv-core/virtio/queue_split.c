/* SPDX-License-Identifier: BSD-3-Clause */
/* The split ring: a table of descriptors, a ring of available heads, a ring of used ones (2.7). */
#include "hv-core/virtio/queue_impl.h"

#include <endian.h>

#define AVAIL_RING 4 /* after flags and idx */
#define USED_RING  4

static uint16_t avail_idx(const struct hv_vq *q)
{
	return le16toh(hv_vq_load16(q->driver + 2));
}

static uint16_t used_event(const struct hv_vq *q)
{
	return le16toh(hv_vq_load16(q->driver + AVAIL_RING + 2 * (size_t)q->size));
}

static int walk(struct hv_vq *q, struct hv_vq_chain *c)
{
	unsigned int at = c->id;

	for (unsigned int n = 0; n < q->size; n++) {
		struct hv_vq_desc d = hv_vq_desc_split(q->desc, at);
		int rc;

		if (d.flags & VRING_DESC_F_INDIRECT)
			return hv_vq_add_indirect(q, c, &d);
		rc = hv_vq_add(q, c, &d);
		if (rc || !(d.flags & VRING_DESC_F_NEXT))
			return rc;
		at = d.next;
		if (at >= q->size)
			return hv_vq_break(q, "a descriptor's next is outside the queue");
	}
	return hv_vq_break(q, "a chain is a loop");
}

int hv_vq_split_pop(struct hv_vq *q, struct hv_vq_chain *c)
{
	uint16_t waiting = (uint16_t)(avail_idx(q) - q->avail);
	int rc;

	if (waiting == 0)
		return 0;
	if (waiting > q->size - q->in_flight)
		return hv_vq_break(q, "more chains are available than the queue holds");
	c->id = le16toh(hv_vq_load16(q->driver + AVAIL_RING + 2 * (size_t)(q->avail % q->size)));
	if (c->id >= q->size)
		return hv_vq_break(q, "a chain's head is outside the queue");
	rc = walk(q, c);
	if (rc)
		return rc;
	q->avail++;
	q->in_flight++;
	return 1;
}

void hv_vq_split_push(struct hv_vq *q, const struct hv_vq_chain *c, uint32_t written)
{
	struct vring_used_elem e = {.id = htole32(c->id), .len = htole32(written)};

	memcpy(q->device + USED_RING + sizeof(e) * (q->used % q->size), &e, sizeof(e));
	q->used++;
	q->in_flight--;
	hv_vq_store16(q->device + 2, htole16(q->used));
}

bool hv_vq_split_needs_call(struct hv_vq *q)
{
	if (!q->event_idx)
		return !(le16toh(hv_vq_load16(q->driver)) & VRING_AVAIL_F_NO_INTERRUPT);
	if (!q->called_valid)
		return true;
	return vring_need_event(used_event(q), q->used, q->called);
}

/* With the event index the flag has no meaning; an index that has passed asks for nothing. */
bool hv_vq_split_listen(struct hv_vq *q, bool on)
{
	uint8_t *avail_event = q->device + USED_RING + 8 * (size_t)q->size;

	if (q->event_idx)
		hv_vq_store16(avail_event, htole16((uint16_t)(on ? q->avail : q->avail - 1)));
	else
		hv_vq_store16(q->device, on ? 0 : htole16(VRING_USED_F_NO_NOTIFY));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return on && avail_idx(q) != q->avail;
}
