/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/vfio.h"

#include "base/log.h"
#include "hv-core/vfio/device.h"

#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct hv_pci_fn_ops fn_ops = {
	.mapped = hv_vfio_regions_mapped,
	.config_read = hv_vfio_config_read,
	.config_written = hv_vfio_config_written,
	.ejected = hv_vfio_events_ejected,
};

int hv_vfio_reset(struct hv_vfio *v)
{
	return ioctl(v->fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

/* What the device holds, nobody can read out of it. */
static int device_quiesce(void *self, struct err *e)
{
	struct hv_vfio *v = self;

	return err_set(e, -ENOTSUP,
		       "%s: a directly assigned device cannot be saved; take it out first",
		       v->name);
}

static void device_save(void *self, struct hv_out *out)
{
	out->failed = true;
}

static int device_load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	return device_quiesce(self, e);
}

/* No DMA, then no state of the guest's, then no way to it: in this order, so that whoever gets the
 * function, or the memory, next finds nothing of this guest. */
static void take_from_guest(struct hv_vfio *v)
{
	int rc;

	hv_vfio_config_command(v, false);
	hv_vfio_irqs_off(v);
	hv_vfio_events_close(v);
	rc = hv_vfio_reset(v);
	if (rc == -EAGAIN)
		log_info("vfio %s: it is not reset, the host is removing it", v->name);
	else if (rc)
		log_err("vfio %s: it was not reset before it was given back: %s", v->name,
			strerror(-rc));
	hv_vfio_regions_close(v);
}

/* What create did, backwards; as far as it came. */
static void destroy(struct hv_vfio *v)
{
	if (v->fn.pci)
		hv_pci_unplug(&v->fn);
	if (v->config_at)
		take_from_guest(v);
	hv_msix_free(v->msix);
	if (v->fn.ops)
		hv_pci_destroy(&v->fn);
	hv_vfio_group_put(v->group, v->fd);
	free(v);
}

static void device_destroy(void *self)
{
	destroy(self);
}

const struct hv_device_ops hv_vfio_device_ops = {
	.kind = "vfio",
	.version = 1,
	.quiesce = device_quiesce,
	.save = device_save,
	.load = device_load,
	.destroy = device_destroy,
};

/* The group of a function the machine has already; NULL: this is the first. */
static struct hv_vfio_group *other_group(const struct hv_vm *vm)
{
	for (const struct hv_device *d = vm->devices; d; d = d->next)
		if (d->ops == &hv_vfio_device_ops)
			return ((struct hv_vfio *)d->self)->group;
	return NULL;
}

static int check_device(struct hv_vfio *v, struct err *e)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};

	if (ioctl(v->fd, VFIO_DEVICE_GET_INFO, &info))
		return err_set(e, -EIO, "VFIO says nothing of the device: %s", strerror(errno));
	if (!(info.flags & VFIO_DEVICE_FLAGS_PCI))
		return err_set(e, -EINVAL, "it is no PCI function");
	/* Else the next owner finds what this guest left in it. */
	if (!(info.flags & VFIO_DEVICE_FLAGS_RESET))
		return err_set(
			e, -ENOTSUP,
			"it cannot be reset (see its reset_method in sysfs), so it cannot be "
			"taken back from a guest cleanly: choose a function that can, as VFs "
			"can");
	return 0;
}

/* Everything that is asked of the device before anything is made of it. */
static int examine(struct hv_vfio *v, uint8_t config[HV_PCI_CONFIG], struct err *e)
{
	unsigned int bytes;
	int rc = check_device(v, e);

	if (rc == 0)
		rc = hv_vfio_config_open(v, config, &bytes, e);
	if (rc == 0)
		rc = hv_vfio_policy_make(config, bytes, true, &v->policy, e);
	return rc ? rc : hv_vfio_irqs_check(v, e);
}

/* The function as the guest will see it. */
static int build(struct hv_vfio *v, const uint8_t config[HV_PCI_CONFIG], struct err *e)
{
	const struct hv_vfio_policy *p = &v->policy;
	struct hv_pci_id id;
	unsigned int caps;
	int rc;

	hv_vfio_policy_id(config, &id);
	hv_pci_init(&v->fn, &id, &fn_ops, v, v->name);
	rc = hv_vfio_regions_open(v, config, e);
	if (rc)
		return rc;
	/* The capability stays where the device has it. */
	caps = v->fn.cap_next;
	v->fn.cap_next = p->msix;
	v->msix = hv_msix_new(&v->fn, p->vectors, p->table_bar, p->table_off, p->pba_off, e);
	v->fn.cap_next = caps;
	if (!v->msix)
		return -EIO;
	hv_vfio_config_install(v);
	hv_vfio_config_command(v, false);
	return 0;
}

/* The kernel has reset a function it has just given out; one that was handed in may have been used
 * since. */
static int obtain(struct hv_vfio *v, const struct hv_vfio_options *o, struct err *e)
{
	int rc = 0;

	v->fd = o->fds.device;
	if (v->fd < 0) {
		v->fd = hv_vfio_group_device(v->group, o->address, e);
		return v->fd < 0 ? v->fd : 0;
	}
	rc = hv_vfio_reset(v);
	return rc ? err_set(e, rc, "it could not be reset for the guest: %s", strerror(-rc)) : 0;
}

static int start(struct hv_vfio *v, struct hv_pci *pci, const struct hv_vfio_options *o,
		 struct err *e)
{
	uint8_t config[HV_PCI_CONFIG];
	int rc = obtain(v, o, e);

	if (rc == 0)
		rc = examine(v, config, e);
	if (rc == 0)
		rc = build(v, config, e);
	if (rc == 0)
		rc = hv_vfio_events_open(v, e);
	if (rc == 0)
		rc = hv_pci_plug(pci, &v->fn, o->slot, e);
	if (rc == 0)
		rc = hv_vm_add(v->vm, &v->dev, &hv_vfio_device_ops, v, o->id, e);
	return rc;
}

int hv_vfio_create(struct hv_vm *vm, struct hv_pci *pci, const struct hv_vfio_options *o,
		   struct hv_vfio **out, struct err *e)
{
	struct err why = {.code = -ENOMEM, .text = "out of memory"};
	struct hv_vfio_group *group = hv_vfio_group_get(vm, other_group(vm), &o->fds, &why);
	struct hv_vfio *v = group ? calloc(1, sizeof(*v)) : NULL;
	int rc;

	if (!v) {
		if (o->fds.device >= 0)
			close(o->fds.device);
		if (group)
			hv_vfio_group_put(group, -1);
		return err_set(e, why.code, "%s (%s): %s", o->id, o->address, why.text);
	}
	v->vm = vm;
	v->group = group;
	v->fd = v->req_fd = v->err_fd = -1;
	v->eject_ms = o->eject_ms ? o->eject_ms : HV_VFIO_EJECT_MS;
	v->gone = o->gone;
	v->arg = o->arg;
	snprintf(v->address, sizeof(v->address), "%s", o->address);
	snprintf(v->name, sizeof(v->name), "%s (%s)", o->id, o->address);
	rc = start(v, pci, o, &why);
	if (rc) {
		err_set(e, rc, "%s: %s", v->name, why.text);
		destroy(v);
		return rc;
	}
	*out = v;
	return 0;
}

void hv_vfio_give_back(struct hv_vfio *v)
{
	void (*gone)(void *arg, const char *id) = v->gone;
	struct hv_vm *vm = v->vm;
	void *arg = v->arg;
	char id[HV_DEVICE_ID];

	snprintf(id, sizeof(id), "%s", v->dev.id);
	hv_vm_park(vm);
	hv_vm_remove(vm, &v->dev);
	destroy(v);
	hv_vm_run(vm);
	log_info("vfio %s: given back to the host", id);
	if (gone)
		gone(arg, id);
}

struct hv_pci_fn *hv_vfio_fn(struct hv_vfio *v)
{
	return &v->fn;
}
