/* SPDX-License-Identifier: BSD-3-Clause */
/* The transport's part of a snapshot. Everything in it is checked as if the driver wrote it. */
#include "hv-core/virtio/virtio_impl.h"

#include <linux/virtio_config.h>
#include <sys/eventfd.h>

void hv_virtio_save(struct hv_virtio *v, struct hv_out *out)
{
	hv_pci_fn_save(&v->fn, out);
	hv_msix_save(v->msix, out);
	hv_out_u64(out, v->offered);
	hv_out_u64(out, v->accepted);
	hv_out_u32(out, v->offered_select);
	hv_out_u32(out, v->accepted_select);
	hv_out_u8(out, v->looked);
	hv_out_u8(out, v->status);
	hv_out_u8(out, v->generation);
	hv_out_u8(out, v->isr);
	hv_out_u16(out, v->config_vector);
	hv_out_u16(out, v->queue_select);
	hv_out_u16(out, (uint16_t)v->queues);
	for (unsigned int i = 0; i < v->queues; i++) {
		const struct hv_virtio_queue *q = &v->queue[i];

		hv_out_u16(out, q->size);
		hv_out_u8(out, q->enabled);
		hv_out_u64(out, q->desc);
		hv_out_u64(out, q->driver);
		hv_out_u64(out, q->device);
		hv_out_u16(out, q->vector);
	}
}

static bool vector_ok(const struct hv_virtio *v, uint16_t vector)
{
	return vector == HV_VIRTIO_NO_VECTOR || hv_msix_fd(v->msix, vector) >= 0;
}

static bool load_queue(struct hv_virtio *v, struct hv_virtio_queue *q, struct hv_in *in)
{
	uint8_t enabled;

	q->size = hv_in_u16(in);
	enabled = hv_in_u8(in);
	q->enabled = enabled;
	q->desc = hv_in_u64(in);
	q->driver = hv_in_u64(in);
	q->device = hv_in_u64(in);
	q->vector = hv_in_u16(in);
	return !in->bad && enabled <= 1 && q->size != 0 && q->size <= q->size_max &&
	       vector_ok(v, q->vector);
}

/* The registers. False: damaged. */
static bool load_registers(struct hv_virtio *v, struct hv_in *in)
{
	uint8_t looked;

	v->offered_select = hv_in_u32(in);
	v->accepted_select = hv_in_u32(in);
	looked = hv_in_u8(in);
	v->looked = looked;
	v->status = hv_in_u8(in);
	v->generation = hv_in_u8(in);
	v->isr = hv_in_u8(in);
	v->config_vector = hv_in_u16(in);
	v->queue_select = hv_in_u16(in);
	if (hv_in_u16(in) != v->queues)
		in->bad = true;
	for (unsigned int i = 0; i < v->queues; i++)
		if (!load_queue(v, &v->queue[i], in))
			return false;
	return !in->bad && looked <= 1 && vector_ok(v, v->config_vector);
}

/* A device that runs must have agreed on features and have queues that can be served. */
static bool consistent(const struct hv_virtio *v)
{
	if (!(v->status & VIRTIO_CONFIG_S_DRIVER_OK) || v->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return true;
	return v->status & VIRTIO_CONFIG_S_FEATURES_OK &&
	       v->accepted & 1ull << VIRTIO_F_VERSION_1 && !hv_virtio_queues_wrong(v);
}

int hv_virtio_load(struct hv_virtio *v, struct hv_in *in, struct err *e)
{
	uint64_t missing;
	int rc = hv_pci_fn_load(&v->fn, in, e);

	if (rc == 0)
		rc = hv_msix_load(v->msix, in, e);
	if (rc)
		return rc;
	v->offered = hv_in_u64(in);
	v->accepted = hv_in_u64(in);
	missing = v->offered & ~v->can;
	if (missing && !in->bad)
		return err_set(e, -EINVAL,
			       "%s: the snapshot's guest was offered virtio features %#llx, which "
			       "this device lacks; restore it with the devices it was taken with",
			       v->name, (unsigned long long)missing);
	if (!load_registers(v, in) || !consistent(v) ||
	    (v->status & VIRTIO_CONFIG_S_FEATURES_OK && v->accepted & ~v->offered))
		return err_set(e, -EINVAL,
			       "%s: the virtio registers in the snapshot are damaged or not this "
			       "device's; take another",
			       v->name);
	v->running =
		v->status & VIRTIO_CONFIG_S_DRIVER_OK && !(v->status & VIRTIO_CONFIG_S_NEEDS_RESET);
	hv_virtio_listen(v);
	for (unsigned int i = 0; i < v->queues; i++)
		if (v->running && v->queue[i].enabled)
			eventfd_write(v->queue[i].kick_fd, 1);
	return 0;
}
