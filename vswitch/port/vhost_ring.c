/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vhost_ring.h"

#include "vswitch/port/port.h"

#include <unistd.h>

void vhost_ring_stop(struct vhost_ring *r, enum vhost_fault fault)
{
	atomic_store_explicit(&r->fault, (uint8_t)fault, memory_order_relaxed);
	port_env.changed();
}

void vhost_ring_set_inflight(struct vhost_ring *r, const struct rte_vhost_ring_inflight *info,
			     uint16_t done)
{
	/* A packed ring's record says more than where its buffers are, and is not kept: what was
	 * under way when flued ended is not sent twice, but may be lost. */
	if (r->packed)
		return;
	r->inflight = info->inflight_split;
	for (uint16_t i = 0; i < r->inflight->desc_num; i++)
		r->inflight_counter =
			RTE_MAX(r->inflight_counter, r->inflight->desc[i].counter + 1);
	if (!info->resubmit_inflight)
		return;
	r->resubmit = info->resubmit_inflight;
	r->n_resubmit = r->resubmit->resubmit_num;
	r->resubmitted = RTE_MIN(done, r->n_resubmit);
}

void vhost_ring_call(const struct vhost_ring *r)
{
	const uint64_t one = 1;

	if (r->callfd >= 0 && write(r->callfd, &one, sizeof(one)) < 0)
		return; /* it is raised already */
}

void vhost_ring_log(const struct vhost_ring *r, const void *at, uint32_t len)
{
	rte_vhost_log_write(r->vid, vhost_mem_gpa(&r->mem, at), len);
}

static bool packed_empty(const struct vhost_ring *r)
{
	const struct vring_packed_desc *d =
		(const struct vring_packed_desc *)r->table.desc + r->next;
	uint16_t flags = __atomic_load_n(&d->flags, __ATOMIC_ACQUIRE);
	bool avail = flags & 1 << VRING_PACKED_DESC_F_AVAIL;
	bool used = flags & 1 << VRING_PACKED_DESC_F_USED;

	return avail != r->wrap || used == r->wrap;
}

bool vhost_ring_empty(struct vhost_ring *r)
{
	if (atomic_load_explicit(&r->fault, memory_order_relaxed))
		return true;
	if (r->packed)
		return packed_empty(r);
	return r->resubmitted == r->n_resubmit &&
	       __atomic_load_n(&r->avail->idx, __ATOMIC_ACQUIRE) == r->next;
}

static void kicks_split(struct vhost_ring *r, bool on)
{
	/* With event indices nothing turns kicks off; the guest kicks when it passes the index, and
	 * one just behind is passed last of all (virtio 1.2, 2.7.10). */
	if (r->event_idx) {
		uint16_t *event = (uint16_t *)&r->used->ring[r->size];

		__atomic_store_n(event, (uint16_t)(on ? r->next : r->next - 1), __ATOMIC_RELAXED);
		if (unlikely(r->log))
			vhost_ring_log(r, event, sizeof(*event));
		return;
	}
	__atomic_store_n(&r->used->flags, on ? 0 : VRING_USED_F_NO_NOTIFY, __ATOMIC_RELAXED);
	if (unlikely(r->log))
		vhost_ring_log(r, &r->used->flags, sizeof(r->used->flags));
}

static void kicks_packed(struct vhost_ring *r, bool on)
{
	uint16_t flags = on ? VRING_PACKED_EVENT_FLAG_ENABLE : VRING_PACKED_EVENT_FLAG_DISABLE;

	if (on && r->event_idx) {
		uint16_t at =
			r->next | (uint16_t)(r->wrap ? 1 << VRING_PACKED_EVENT_F_WRAP_CTR : 0);

		__atomic_store_n(&r->device_event->off_wrap, at, __ATOMIC_RELAXED);
		flags = VRING_PACKED_EVENT_FLAG_DESC;
	}
	__atomic_store_n(&r->device_event->flags, flags, __ATOMIC_RELEASE);
	if (unlikely(r->log))
		vhost_ring_log(r, r->device_event, sizeof(*r->device_event));
}

void vhost_ring_kicks(struct vhost_ring *r, bool on)
{
	if (r->packed)
		kicks_packed(r, on);
	else
		kicks_split(r, on);
	/* The wish must be seen before we look a last time for something available. */
	atomic_thread_fence(memory_order_seq_cst);
}
