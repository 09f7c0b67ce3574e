/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the host says while the guest has the function: it wants it back (REQ), or it broke (ERR).
 * Whoever removes a function waits in the kernel, without end and not to be killed, until it is
 * closed here; so REQ is always answered, whatever the guest does.
 */
#include "base/log.h"
#include "hv-core/vfio/device.h"

#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool fired(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct hv_vfio *v = arg;

	if (what & EV_TIMEOUT)
		log_warn("vfio %s: the guest did not let go of it within %u ms, it is taken",
			 v->name, v->eject_ms);
	hv_vfio_give_back(v);
}

/* From the loop and not from here: the caller still uses v. */
void hv_vfio_events_ejected(void *self)
{
	struct hv_vfio *v = self;

	log_info("vfio %s: the guest let go of it", v->name);
	event_active(v->late, EV_READ, 0);
}

void hv_vfio_unplug(struct hv_vfio *v)
{
	const struct timeval t = {v->eject_ms / 1000, (suseconds_t)(v->eject_ms % 1000) * 1000};
	struct err e = {0};

	if (v->asked)
		return;
	v->asked = true;
	if (hv_pci_unplug_request(&v->fn, &e)) {
		log_warn("vfio %s: it is taken from the guest at once: %s", v->name, e.text);
		event_active(v->late, EV_READ, 0);
	} else {
		event_add(v->late, &t);
	}
}

static void on_req(evutil_socket_t fd, short what, void *arg)
{
	struct hv_vfio *v = arg;

	if (!fired(v->req_fd))
		return;
	if (!v->asked)
		log_info("vfio %s: the host wants it back", v->name);
	hv_vfio_unplug(v);
}

/* PCIe 6.2: what the device did and read since is not to be trusted. */
static void on_err(evutil_socket_t fd, short what, void *arg)
{
	struct hv_vfio *v = arg;
	char why[200];

	if (!fired(v->err_fd))
		return;
	snprintf(why, sizeof(why),
		 "the assigned device %s reported an uncorrectable PCIe error; look for AER lines "
		 "in "
		 "the host's kernel log",
		 v->name);
	log_err("vfio: %s", why);
	hv_vm_end(v->vm, HV_END_CRASH, why);
}

static int watch(struct hv_vfio *v, unsigned int index, int *fd, struct event **ev,
		 event_callback_fn cb, struct err *e)
{
	int rc;

	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*fd < 0)
		return err_set(e, -errno, "no eventfd: %s", strerror(errno));
	*ev = event_new(v->vm->loop, *fd, EV_READ | EV_PERSIST, cb, v);
	if (!*ev || event_add(*ev, NULL))
		return err_set(e, -ENOMEM, "out of memory");
	rc = hv_vfio_irqs_event(v, index, *fd);
	/* A function without PCIe has no error reports. */
	if (rc == 0 || (rc == -ENODEV && index == VFIO_PCI_ERR_IRQ_INDEX))
		return 0;
	return err_set(e, rc, "VFIO does not tell when the host wants the function back: %s",
		       strerror(-rc));
}

int hv_vfio_events_open(struct hv_vfio *v, struct err *e)
{
	int rc;

	v->late = event_new(v->vm->loop, -1, 0, on_late, v);
	if (!v->late)
		return err_set(e, -ENOMEM, "out of memory");
	rc = watch(v, VFIO_PCI_REQ_IRQ_INDEX, &v->req_fd, &v->req, on_req, e);
	if (rc)
		return rc;
	return watch(v, VFIO_PCI_ERR_IRQ_INDEX, &v->err_fd, &v->err, on_err, e);
}

static void unwatch(struct hv_vfio *v, unsigned int index, int *fd, struct event **ev)
{
	if (*ev)
		event_free(*ev);
	*ev = NULL;
	if (*fd < 0)
		return;
	hv_vfio_irqs_event(v, index, -1);
	close(*fd);
	*fd = -1;
}

void hv_vfio_events_close(struct hv_vfio *v)
{
	unwatch(v, VFIO_PCI_REQ_IRQ_INDEX, &v->req_fd, &v->req);
	unwatch(v, VFIO_PCI_ERR_IRQ_INDEX, &v->err_fd, &v->err);
	if (v->late)
		event_free(v->late);
	v->late = NULL;
}
