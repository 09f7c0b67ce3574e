/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts. The device's vector writes the eventfd of the guest's vector, inside the kernel. All
 * vectors are bound when the guest enables MSI-X and let go when it disables it; what the guest
 * masks is masked in KVM's listening, not in the device.
 */
#include "base/log.h"
#include "hv-core/vfio/device.h"

#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int disable(struct hv_vfio *v, unsigned int index)
{
	struct vfio_irq_set set = {.argsz = sizeof(set),
				   .flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
				   .index = index};

	return ioctl(v->fd, VFIO_DEVICE_SET_IRQS, &set) ? -errno : 0;
}

/* Takes n vectors of the host, each with its eventfd or none of them with one. */
static int bind_vectors(struct hv_vfio *v, unsigned int n, bool with_fds)
{
	size_t bytes = sizeof(struct vfio_irq_set) + n * sizeof(int32_t);
	struct vfio_irq_set *set = calloc(1, bytes);
	int rc;

	if (!set)
		return -ENOMEM;
	set->argsz = (uint32_t)bytes;
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->count = n;
	for (unsigned int i = 0; i < n; i++) {
		int32_t fd = with_fds ? hv_msix_fd(v->msix, i) : -1;

		if (with_fds && fd < 0) {
			free(set);
			return -EMFILE;
		}
		memcpy(set->data + i * sizeof(fd), &fd, sizeof(fd));
	}
	rc = ioctl(v->fd, VFIO_DEVICE_SET_IRQS, set);
	/* Above 0: so many the host had left. */
	rc = rc < 0 ? -errno : rc > 0 ? -ENOSPC : 0;
	free(set);
	return rc;
}

static unsigned int irq_count(struct hv_vfio *v, unsigned int index)
{
	struct vfio_irq_info info = {.argsz = sizeof(info), .index = index};

	if (ioctl(v->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) || !(info.flags & VFIO_IRQ_INFO_EVENTFD))
		return 0;
	return info.count;
}

int hv_vfio_irqs_check(struct hv_vfio *v, struct err *e)
{
	unsigned int n = irq_count(v, VFIO_PCI_MSIX_IRQ_INDEX);
	int rc;

	if (!v->policy.msix || n == 0)
		return err_set(
			e, -ENOTSUP,
			"%s interrupts by %s only, and not by MSI-X: such a function cannot be "
			"assigned; give the guest a synthetic or emulated card instead",
			v->address, v->policy.has_msi ? "INTx or MSI" : "INTx");
	if (n < v->policy.vectors)
		return err_set(e, -EIO, "VFIO offers %u MSI-X vectors where the device has %u", n,
			       v->policy.vectors);
	/* The host's vectors may be used up: better known now than by the guest. */
	rc = bind_vectors(v, v->policy.vectors, false);
	if (rc)
		return err_set(
			e, rc,
			"the host has no %u interrupt vectors left for it (%s): assign fewer "
			"functions, or lower the number of queues of the host's own cards",
			v->policy.vectors, strerror(-rc));
	disable(v, VFIO_PCI_MSIX_IRQ_INDEX);
	return 0;
}

void hv_vfio_irqs_on(struct hv_vfio *v)
{
	int rc;

	if (v->irqs_on)
		return;
	rc = bind_vectors(v, hv_msix_vectors(v->msix), true);
	v->irqs_on = rc == 0;
	if (rc && !v->irqs_failed)
		log_err("vfio %s: its interrupts cannot be switched on, the guest gets none: %s",
			v->name, strerror(-rc));
	v->irqs_failed |= rc != 0;
}

void hv_vfio_irqs_off(struct hv_vfio *v)
{
	if (!v->irqs_on)
		return;
	v->irqs_on = false;
	disable(v, VFIO_PCI_MSIX_IRQ_INDEX);
}

int hv_vfio_irqs_event(struct hv_vfio *v, unsigned int index, int fd)
{
	char buf[sizeof(struct vfio_irq_set) + sizeof(int32_t)]
		__attribute__((aligned(__alignof__(struct vfio_irq_set))));
	struct vfio_irq_set *set = (struct vfio_irq_set *)buf;

	if (irq_count(v, index) == 0)
		return -ENODEV;
	*set = (struct vfio_irq_set){.argsz = sizeof(buf),
				     .flags = VFIO_IRQ_SET_DATA_EVENTFD |
					      VFIO_IRQ_SET_ACTION_TRIGGER,
				     .index = index,
				     .count = 1};
	memcpy(set->data, &fd, sizeof(int32_t));
	return ioctl(v->fd, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}
