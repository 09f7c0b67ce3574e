/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtqueue: setting up, what both ring forms have in common, and its part of a snapshot. */
#include "hv-core/virtio/queue_impl.h"

#include <linux/virtio_config.h>

int hv_vq_init(struct hv_vq *q, const struct hv_mem *mem, const struct hv_virtio_queue *vq,
	       uint64_t features)
{
	bool packed = features >> VIRTIO_F_RING_PACKED & 1;
	uint64_t n = vq->size;

	*q = (struct hv_vq){.mem = mem,
			    .packed = packed,
			    .event_idx = features >> VIRTIO_RING_F_EVENT_IDX & 1,
			    .indirect = features >> VIRTIO_RING_F_INDIRECT_DESC & 1,
			    .size = vq->size,
			    .avail_wrap = true,
			    .used_wrap = true};
	q->desc = hv_mem_at(mem, vq->desc, 16 * n);
	q->driver = hv_mem_at(mem, vq->driver, packed ? 4 : 6 + 2 * n);
	q->device = hv_mem_at(mem, vq->device, packed ? 4 : 6 + 8 * n);
	return n && q->desc && q->driver && q->device ? 0 : -EFAULT;
}

int hv_vq_break(struct hv_vq *q, const char *why)
{
	q->broken = why;
	return -EPROTO;
}

int hv_vq_pop(struct hv_vq *q, struct hv_vq_chain *c)
{
	if (q->broken)
		return -EPROTO;
	c->out_n = c->in_n = 0;
	c->out_bytes = c->in_bytes = 0;
	c->slots = 1;
	return q->packed ? hv_vq_packed_pop(q, c) : hv_vq_split_pop(q, c);
}

void hv_vq_push(struct hv_vq *q, const struct hv_vq_chain *c, uint32_t written)
{
	if (q->packed)
		hv_vq_packed_push(q, c, written);
	else
		hv_vq_split_push(q, c, written);
}

bool hv_vq_needs_call(struct hv_vq *q)
{
	bool needs;

	/* What was given back is seen before what the driver wants is read (2.7.10, 2.8.21.3). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	needs = q->packed ? hv_vq_packed_needs_call(q) : hv_vq_split_needs_call(q);
	q->called = q->used;
	q->called_wrap = q->used_wrap;
	q->called_valid = true;
	return needs;
}

bool hv_vq_listen(struct hv_vq *q)
{
	return q->packed ? hv_vq_packed_listen(q, true) : hv_vq_split_listen(q, true);
}

void hv_vq_deaf(struct hv_vq *q)
{
	if (q->packed)
		hv_vq_packed_listen(q, false);
	else
		hv_vq_split_listen(q, false);
}

void hv_vq_save(const struct hv_vq *q, struct hv_out *out)
{
	hv_out_u16(out, q->avail);
	hv_out_u16(out, q->used);
	hv_out_u8(out, (uint8_t)(q->avail_wrap | q->used_wrap << 1));
}

int hv_vq_load(struct hv_vq *q, struct hv_in *in, struct err *e)
{
	uint16_t avail = hv_in_u16(in), used = hv_in_u16(in);
	uint8_t wrap = hv_in_u8(in);

	if (in->bad || wrap > 3 || avail != used || (wrap & 1) != wrap >> 1 ||
	    (q->packed && avail >= q->size))
		return err_set(e, -EINVAL,
			       "a virtqueue's position in the snapshot is damaged; take "
			       "another");
	q->avail = avail;
	q->used = used;
	q->avail_wrap = wrap & 1;
	q->used_wrap = wrap >> 1;
	return 0;
}
