/* SPDX-License-Identifier: BSD-3-Clause */
/* What driver and device agree on: features (virtio 1.2, 2.2) and where the queues are. */
#include "hv-core/virtio/virtio_impl.h"

#include <linux/virtio_config.h>

#define BIT(n)	     (1ull << (n))
#define F_NOTIF_DATA 38 /* virtio 1.2, 6; the kernel's header has not these two */
#define F_NOTIF_CONF 39

/* Bits whose meaning this transport does not have; the device's own and the rings' pass. */
#define NOT_HERE                                                                    \
	(BIT(VIRTIO_F_ACCESS_PLATFORM) | BIT(VIRTIO_F_SR_IOV) | BIT(F_NOTIF_DATA) | \
	 BIT(F_NOTIF_CONF) | BIT(VIRTIO_F_RING_RESET))

uint64_t hv_virtio_can(uint64_t device_features)
{
	return (device_features & ~NOT_HERE) | BIT(VIRTIO_F_VERSION_1);
}

bool hv_virtio_features_ok(const struct hv_virtio *v)
{
	return !(v->accepted & ~v->offered) && v->accepted & BIT(VIRTIO_F_VERSION_1) &&
	       (!v->ops->accept || v->ops->accept(v->self, v->accepted));
}

static bool lies(const struct hv_virtio *v, uint64_t gpa, uint64_t bytes, unsigned int align)
{
	return (gpa & (align - 1)) == 0 && hv_mem_at(&hv_pci_vm(v->pci)->mem, gpa, bytes);
}

/* Sizes and alignments: 2.7 and 2.7.10 split, 2.8.10 packed. */
const char *hv_virtio_queue_wrong(const struct hv_virtio *v, const struct hv_virtio_queue *q)
{
	bool packed = v->accepted & BIT(VIRTIO_F_RING_PACKED);
	uint64_t n = q->size;

	if (n == 0 || n > q->size_max)
		return "a queue's size is 0 or above what is offered";
	if (!packed && n & (n - 1))
		return "a split queue's size is not a power of two";
	if (!lies(v, q->desc, 16 * n, 16))
		return "a queue's descriptors are not in guest memory, or not aligned";
	if (!lies(v, q->driver, packed ? 4 : 6 + 2 * n, packed ? 4 : 2))
		return "a queue's driver area is not in guest memory, or not aligned";
	if (!lies(v, q->device, packed ? 4 : 6 + 8 * n, 4))
		return "a queue's device area is not in guest memory, or not aligned";
	return NULL;
}

const char *hv_virtio_queues_wrong(const struct hv_virtio *v)
{
	const char *wrong = NULL;

	for (unsigned int i = 0; i < v->queues && !wrong; i++)
		if (v->queue[i].enabled)
			wrong = hv_virtio_queue_wrong(v, &v->queue[i]);
	return wrong;
}
