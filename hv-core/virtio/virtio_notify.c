/* SPDX-License-Identifier: BSD-3-Clause */
/* Kicks: each queue of a running device has an address of its own, whose writes the kernel turns
 * into a signal on the queue's descriptor. */
#include "hv-core/virtio/virtio_impl.h"

#include "base/log.h"

#include <string.h>
#include <sys/eventfd.h>

/* Any length and any value: the address says it all (4.1.5.2, without NOTIFICATION_DATA). */
static void listen_at(struct hv_virtio *v, unsigned int queue, uint64_t at)
{
	struct hv_vm *vm = hv_pci_vm(v->pci);
	int fd = v->queue[queue].kick_fd, rc = 0;

	if (v->listens_at[queue] == at)
		return;
	if (v->listens_at[queue])
		hv_ioeventfd_del(vm, false, v->listens_at[queue], 0, NULL, fd);
	if (at)
		rc = hv_ioeventfd_add(vm, false, at, 0, NULL, fd);
	v->listens_at[queue] = rc ? 0 : at;
	if (rc && !v->slow_said) {
		v->slow_said = true;
		log_warn("%s: KVM does not take kicks of queue %u: %s; each now leaves the guest, "
			 "which is slower",
			 v->name, queue, strerror(-rc));
	}
}

void hv_virtio_listen(struct hv_virtio *v)
{
	for (unsigned int i = 0; i < v->queues; i++) {
		bool on = v->running && v->bar_at && v->queue[i].enabled;
		uint64_t off = VIRTIO_AREA_NOTIFY + i * VIRTIO_NOTIFY_MULTIPLIER;

		listen_at(v, i, on ? v->bar_at + off : 0);
	}
}

/* The kick is not lost: whoever takes the descriptor later finds it there. */
void hv_virtio_notified(struct hv_virtio *v, uint64_t off)
{
	uint64_t queue = off / VIRTIO_NOTIFY_MULTIPLIER;

	if (off % VIRTIO_NOTIFY_MULTIPLIER || queue >= v->queues || !v->queue[queue].enabled)
		return;
	eventfd_write(v->queue[queue].kick_fd, 1);
	if (!v->running && v->ops->kicked)
		v->ops->kicked(v->self, (unsigned int)queue);
}
