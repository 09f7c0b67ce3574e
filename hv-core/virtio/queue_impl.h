/* SPDX-License-Identifier: BSD-3-Clause */
/* What queue.c, queue_chain.c, queue_split.c and queue_packed.c share. */
#ifndef HV_CORE_VIRTIO_QUEUE_IMPL_H
#define HV_CORE_VIRTIO_QUEUE_IMPL_H

#include "hv-core/virtio/queue.h"

#include <linux/virtio_ring.h>
#include <string.h>

_Static_assert(sizeof(struct vring_desc) == 16, "virtio 1.2, 2.7.5");
_Static_assert(sizeof(struct vring_packed_desc) == 16, "virtio 1.2, 2.8.13");

/* A descriptor of either ring, as it was when it was copied. next: split only. */
struct hv_vq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next, id;
};

/* The barrier keeps the compiler from reading the shared memory again instead of the copy. */
static inline void hv_vq_copy(void *to, const void *from, size_t len)
{
	memcpy(to, from, len);
	__asm__ volatile("" ::: "memory");
}

static inline uint16_t hv_vq_load16(const void *p)
{
	return __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
}

static inline void hv_vq_store16(void *p, uint16_t v)
{
	__atomic_store_n((uint16_t *)p, v, __ATOMIC_RELEASE);
}

int hv_vq_break(struct hv_vq *q, const char *why);

/* queue_chain.c: adds a buffer, or an indirect table's, to the chain. 0 or -EPROTO. */
int hv_vq_add(struct hv_vq *q, struct hv_vq_chain *c, const struct hv_vq_desc *d);
int hv_vq_add_indirect(struct hv_vq *q, struct hv_vq_chain *c, const struct hv_vq_desc *d);
struct hv_vq_desc hv_vq_desc_split(const uint8_t *table, unsigned int n);
struct hv_vq_desc hv_vq_desc_packed(const uint8_t *table, unsigned int n);

int hv_vq_split_pop(struct hv_vq *q, struct hv_vq_chain *c);
void hv_vq_split_push(struct hv_vq *q, const struct hv_vq_chain *c, uint32_t written);
bool hv_vq_split_needs_call(struct hv_vq *q);
bool hv_vq_split_listen(struct hv_vq *q, bool on);

int hv_vq_packed_pop(struct hv_vq *q, struct hv_vq_chain *c);
void hv_vq_packed_push(struct hv_vq *q, const struct hv_vq_chain *c, uint32_t written);
bool hv_vq_packed_needs_call(struct hv_vq *q);
bool hv_vq_packed_listen(struct hv_vq *q, bool on);

#endif
