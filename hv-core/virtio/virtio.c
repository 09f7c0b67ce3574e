/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio device's making and end, and what the device asks of its transport. */
#include "hv-core/virtio/virtio_impl.h"

#include "base/log.h"

#include <linux/virtio_config.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define VENDOR	    0x1af4 /* virtio 1.2, 4.1.2 */
#define DEVICE_BASE 0x1040
#define REVISION    1
#define QUEUE_MAX   1024

static const struct hv_io_ops bar_ops = {hv_virtio_bar_read, hv_virtio_bar_write};

static void mapped(void *self, unsigned int bar, uint64_t at)
{
	struct hv_virtio *v = self;

	v->bar_at = at;
	hv_virtio_listen(v);
}

static void config_written(void *self, unsigned int off, unsigned int len)
{
	struct hv_virtio *v = self;

	hv_msix_config_written(v->msix, off, len);
	hv_virtio_window_written(v, off, len);
}

static void ejected(void *self)
{
	struct hv_virtio *v = self;

	v->ops->ejected(v->self);
}

static const struct hv_pci_fn_ops fixed_ops = {
	.mapped = mapped, .config_read = hv_virtio_window_read, .config_written = config_written};
static const struct hv_pci_fn_ops removable_ops = {.mapped = mapped,
						   .config_read = hv_virtio_window_read,
						   .config_written = config_written,
						   .ejected = ejected};

static int check_options(const struct hv_virtio_options *o, struct err *e)
{
	if (o->queues == 0 || o->queues > HV_VIRTIO_QUEUES)
		return err_set(e, -EINVAL, "%s: %u queues; a virtio device has 1 to %d", o->name,
			       o->queues, HV_VIRTIO_QUEUES);
	if (o->queue_size < 2 || o->queue_size > QUEUE_MAX || o->queue_size & (o->queue_size - 1))
		return err_set(e, -EINVAL,
			       "%s: a queue size of %u; it must be a power of two from 2 to %d",
			       o->name, o->queue_size, QUEUE_MAX);
	if (o->config_bytes > VIRTIO_AREA_BYTES || strlen(o->name) >= HV_DEVICE_ID)
		return err_set(e, -EINVAL, "%s: the name or the configuration is too long",
			       o->name);
	return 0;
}

static int make_queues(struct hv_virtio *v, const struct hv_virtio_options *o, struct err *e)
{
	for (unsigned int i = 0; i < HV_VIRTIO_QUEUES; i++)
		v->queue[i].kick_fd = -1;
	v->queues = o->queues;
	for (unsigned int i = 0; i < o->queues; i++) {
		v->queue[i].size_max = o->queue_size;
		v->queue[i].kick_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (v->queue[i].kick_fd < 0)
			return err_set(e, -errno, "%s: no descriptor for queue %u: %s", o->name, i,
				       strerror(errno));
	}
	return 0;
}

static void release(struct hv_virtio *v)
{
	hv_msix_free(v->msix);
	for (unsigned int i = 0; i < v->queues; i++)
		if (v->queue[i].kick_fd >= 0)
			close(v->queue[i].kick_fd);
	hv_pci_destroy(&v->fn);
	free(v);
}

struct hv_virtio *hv_virtio_new(struct hv_pci *pci, const struct hv_virtio_options *o,
				const struct hv_virtio_ops *ops, void *self, struct err *e)
{
	struct hv_pci_id id = {.vendor = VENDOR,
			       .device = (uint16_t)(DEVICE_BASE + o->type),
			       .subvendor = VENDOR,
			       .subdevice = (uint16_t)(DEVICE_BASE + o->type),
			       .class_code = o->class_code,
			       .revision = REVISION};
	struct hv_virtio *v;

	if (check_options(o, e))
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v) {
		err_set(e, -ENOMEM, "%s: no memory for a virtio device", o->name);
		return NULL;
	}
	snprintf(v->name, sizeof(v->name), "%s", o->name);
	v->pci = pci;
	v->ops = ops;
	v->self = self;
	v->config_bytes = o->config_bytes;
	v->can = v->offered = hv_virtio_can(o->features);
	hv_pci_init(&v->fn, &id, ops->ejected ? &removable_ops : &fixed_ops, v, v->name);
	hv_pci_bar(&v->fn, VIRTIO_BAR, HV_BAR_MEM64, VIRTIO_BAR_BYTES, &bar_ops, v);
	if (make_queues(v, o, e))
		goto release;
	v->msix = hv_msix_new(&v->fn, o->queues + 1, VIRTIO_BAR, VIRTIO_AREA_TABLE, VIRTIO_AREA_PBA,
			      e);
	if (!v->msix)
		goto release;
	if (!hv_virtio_caps(v)) {
		err_set(e, -ENOSPC, "%s: no room for virtio's capabilities", v->name);
		goto release;
	}
	hv_virtio_reset(v);
	if (hv_pci_plug(pci, &v->fn, -1, e))
		goto release;
	return v;
release:
	release(v);
	return NULL;
}

void hv_virtio_free(struct hv_virtio *v)
{
	if (!v)
		return;
	pthread_mutex_lock(&v->fn.lock);
	hv_virtio_reset(v);
	pthread_mutex_unlock(&v->fn.lock);
	hv_pci_unplug(&v->fn);
	release(v);
}

struct hv_pci_fn *hv_virtio_fn(struct hv_virtio *v)
{
	return &v->fn;
}

pthread_mutex_t *hv_virtio_lock(struct hv_virtio *v)
{
	return &v->fn.lock;
}

struct hv_virtio_queue *hv_virtio_queue(struct hv_virtio *v, unsigned int n)
{
	return n < v->queues ? &v->queue[n] : NULL;
}

uint64_t hv_virtio_features(const struct hv_virtio *v)
{
	return v->accepted;
}

bool hv_virtio_running(const struct hv_virtio *v)
{
	return v->running;
}

int hv_virtio_call_fd(struct hv_virtio *v, unsigned int queue)
{
	if (queue >= v->queues || v->queue[queue].vector == HV_VIRTIO_NO_VECTOR)
		return -1;
	return hv_msix_fd(v->msix, v->queue[queue].vector);
}

bool hv_virtio_limit(struct hv_virtio *v, uint64_t features)
{
	if (v->looked)
		return false;
	v->offered = v->can & (features | 1ull << VIRTIO_F_VERSION_1);
	return true;
}

/* 4.1.5.4. Without MSI-X there is no interrupt, but the driver can still look. */
void hv_virtio_config_changed(struct hv_virtio *v)
{
	int fd = v->config_vector == HV_VIRTIO_NO_VECTOR ? -1
							 : hv_msix_fd(v->msix, v->config_vector);

	v->generation++;
	if (!hv_msix_enabled(v->msix))
		v->isr |= VIRTIO_ISR_CONFIG;
	else if (fd >= 0)
		eventfd_write(fd, 1);
}

void hv_virtio_broken(struct hv_virtio *v, const char *why)
{
	bool was_running = v->running;

	if (!v->broken_said)
		log_warn("%s: %s; the driver must reset the device", v->name, why);
	v->broken_said = true;
	v->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	v->running = false;
	hv_virtio_listen(v);
	if (was_running)
		v->ops->stop(v->self);
	if (v->status & VIRTIO_CONFIG_S_DRIVER_OK)
		hv_virtio_config_changed(v);
}
