/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hot-plug by ACPI: the guest is told by the event device; that it let go of a slot comes from a
 * vCPU thread and is carried to the main thread's loop, where the device may be taken apart.
 */
#include "hv-core/pci/pci_impl.h"

#include "hv-core/device/acpi_events.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_eject(void *arg, unsigned int slot)
{
	struct hv_pci *pci = arg;

	if (slot >= HV_PCI_SLOTS)
		return;
	atomic_fetch_or(&pci->ejected, 1u << slot);
	eventfd_write(pci->eject_fd, 1);
}

static void on_ejected(evutil_socket_t fd, short what, void *arg)
{
	struct hv_pci *pci = arg;
	eventfd_t n;
	uint32_t slots;

	eventfd_read(fd, &n);
	slots = atomic_exchange(&pci->ejected, 0);
	for (unsigned int s = 0; s < HV_PCI_SLOTS; s++) {
		struct hv_pci_fn *fn = slots >> s & 1 ? atomic_load(&pci->slot[s]) : NULL;

		if (fn && fn->ops->ejected)
			fn->ops->ejected(fn->self);
	}
}

int hv_pci_set_ged(struct hv_pci *pci, struct hv_ged *ged, struct err *e)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), rc = -errno;

	if (fd < 0)
		return err_set(e, rc, "no descriptor for PCI hot-plug: %s", strerror(-rc));
	pci->eject_event = event_new(pci->vm->loop, fd, EV_READ | EV_PERSIST, on_ejected, pci);
	if (!pci->eject_event || event_add(pci->eject_event, NULL)) {
		if (pci->eject_event)
			event_free(pci->eject_event);
		pci->eject_event = NULL;
		close(fd);
		return err_set(e, -ENOMEM, "no event for PCI hot-plug");
	}
	pci->eject_fd = fd;
	pci->ged = ged;
	hv_ged_on_eject(ged, on_eject, pci);
	return 0;
}

void hv_pci_hotplug_stop(struct hv_pci *pci)
{
	if (pci->eject_event)
		event_free(pci->eject_event);
	if (pci->eject_fd >= 0)
		close(pci->eject_fd);
}

int hv_pci_unplug_request(struct hv_pci_fn *fn, struct err *e)
{
	if (!fn->ops->ejected)
		return err_set(e, -EOPNOTSUPP, "%s cannot be taken out of a running guest",
			       fn->name);
	if (!fn->pci || !fn->pci->ged)
		return err_set(e, -EOPNOTSUPP,
			       "%s: the guest has no PCI hot-plug; stop it to take the device out",
			       fn->name);
	hv_ged_slot_wanted(fn->pci->ged, fn->slot);
	return 0;
}
