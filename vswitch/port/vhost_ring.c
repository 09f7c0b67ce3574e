/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vhost_ring.h"

#include "vswitch/port/port.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void set_features(struct vhost_ring *r, uint64_t features)
{
	const uint64_t one = 1;
	const uint64_t long_header = one << VIRTIO_NET_F_MRG_RXBUF | one << VIRTIO_F_VERSION_1 |
				     one << VIRTIO_F_RING_PACKED;

	r->packed = features & one << VIRTIO_F_RING_PACKED;
	r->event_idx = features & one << VIRTIO_RING_F_EVENT_IDX;
	r->mergeable = features & one << VIRTIO_NET_F_MRG_RXBUF;
	r->log = features & one << VHOST_F_LOG_ALL;
	r->table.indirect = features & one << VIRTIO_RING_F_INDIRECT_DESC;
	r->hdr_len = features & long_header ? sizeof(struct virtio_net_hdr_mrg_rxbuf)
					    : sizeof(struct virtio_net_hdr);
}

static bool lies(const struct vhost_mem *m, const void *at, uint64_t len, uintptr_t align)
{
	return at && ((uintptr_t)at & (align - 1)) == 0 && vhost_mem_holds(m, at, len);
}

/* Lengths and alignment: virtio 1.2, 2.7 and 2.8. rte_vhost hands out what it could translate of a
 * ring, and what it translated for other features or another size. */
static bool lies_in_memory(const struct vhost_ring *r, const struct vhost_ring_conf *c)
{
	uint64_t event = r->event_idx ? sizeof(uint16_t) : 0, n = c->size;

	if (!lies(c->mem, c->desc, n * sizeof(struct vring_desc), 16))
		return false;
	if (r->packed)
		return lies(c->mem, c->avail, sizeof(struct vring_packed_desc_event), 4) &&
		       lies(c->mem, c->used, sizeof(struct vring_packed_desc_event), 4);
	return lies(c->mem, c->avail, sizeof(struct vring_avail) + n * sizeof(uint16_t) + event,
		    2) &&
	       lies(c->mem, c->used,
		    sizeof(struct vring_used) + n * sizeof(struct vring_used_elem) + event, 4);
}

/* Where the ring stands: as rte_vhost was told, or as we left it the last time. */
static bool set_place(struct vhost_ring *r, uint16_t avail, uint16_t used)
{
	r->next = r->packed ? avail & 0x7fff : avail;
	r->used_idx = r->packed ? used & 0x7fff : used;
	r->wrap = avail >> 15;
	r->used_wrap = used >> 15;
	r->seen = r->next;
	r->called = r->used_idx;
	return !r->packed || (r->next < r->size && r->used_idx < r->size);
}

static void borrowed_free(void *at, void *arg)
{
	/* Never called: the ring holds one reference itself. */
}

int vhost_ring_init(struct vhost_ring *r, const struct vhost_ring_conf *c)
{
	memset(r, 0, offsetof(struct vhost_ring, tails));
	set_features(r, c->features);
	if (c->size == 0 || c->size > 32768 || !lies_in_memory(r, c) ||
	    (!r->packed && (c->size & (c->size - 1)) != 0))
		return -EINVAL;
	r->mem = *c->mem;
	r->table.mem = &r->mem;
	r->table.desc = c->desc;
	r->table.size = c->size;
	r->table.write = !(c->index & 1);
	r->avail = c->avail;
	r->used = c->used;
	r->size = c->size;
	r->mask = c->size - 1;
	r->index = c->index;
	r->vid = c->vid;
	r->callfd = c->callfd;
	r->kickfd = c->kickfd;
	r->buf_bytes = 2048;
	r->used_gpa = vhost_mem_gpa(&r->mem, c->used);
	r->shared = port_env.n_workers > 1;
	rte_spinlock_init(&r->lock);
	r->pieces.n = 0;
	r->owner.free_cb = borrowed_free;
	rte_mbuf_ext_refcnt_set(&r->owner, 1);
	return set_place(r, c->avail_base, c->used_base) ? 0 : -EINVAL;
}

void vhost_ring_stop(struct vhost_ring *r, enum vhost_fault fault)
{
	atomic_store_explicit(&r->fault, (uint8_t)fault, memory_order_relaxed);
	if (r->shown)
		atomic_store_explicit(r->shown, (uint8_t)fault, memory_order_relaxed);
	port_env.changed();
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
