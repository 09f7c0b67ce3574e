/* SPDX-License-Identifier: BSD-3-Clause */
/* The device status register: initialization step by step, and reset (virtio 1.2, 2.1, 2.4, 3.1).
 */
#include "hv-core/virtio/virtio_impl.h"

#include <linux/virtio_config.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

static void reset_queue(struct hv_virtio_queue *q)
{
	eventfd_t n;

	eventfd_read(q->kick_fd, &n);
	q->size = q->size_max;
	q->enabled = false;
	q->desc = q->driver = q->device = 0;
	q->vector = HV_VIRTIO_NO_VECTOR;
}

void hv_virtio_reset(struct hv_virtio *v)
{
	bool was_running = v->running;

	v->running = false;
	hv_virtio_listen(v);
	if (was_running)
		v->ops->stop(v->self);
	v->status = 0;
	v->isr = 0;
	v->looked = false;
	v->accepted = 0;
	v->offered_select = v->accepted_select = 0;
	v->config_vector = HV_VIRTIO_NO_VECTOR;
	v->queue_select = 0;
	for (unsigned int i = 0; i < v->queues; i++)
		reset_queue(&v->queue[i]);
}

static void start(struct hv_virtio *v)
{
	const char *wrong = hv_virtio_queues_wrong(v);
	char why[96];
	int rc;

	if (wrong) {
		hv_virtio_broken(v, wrong);
		return;
	}
	/* Kicks are heard from now on, and wait in the descriptors until the device looks. */
	v->running = true;
	hv_virtio_listen(v);
	rc = v->ops->start(v->self);
	if (rc == 0)
		return;
	v->running = false;
	snprintf(why, sizeof(why), "the device did not start: %s", strerror(-rc));
	hv_virtio_broken(v, why);
}

/* Bits are only ever added; 0 takes them all away. */
void hv_virtio_status_write(struct hv_virtio *v, uint8_t value)
{
	uint8_t set = value & ~v->status & (uint8_t)~VIRTIO_CONFIG_S_NEEDS_RESET;

	if (value == 0) {
		hv_virtio_reset(v);
		return;
	}
	if (set & VIRTIO_CONFIG_S_FEATURES_OK && !hv_virtio_features_ok(v))
		set &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
	if (v->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		set &= (uint8_t)~VIRTIO_CONFIG_S_DRIVER_OK;
	v->status |= set;
	if (!(set & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	if (v->status & VIRTIO_CONFIG_S_FEATURES_OK)
		start(v);
	else
		hv_virtio_broken(v, "the driver set DRIVER_OK without FEATURES_OK");
}
