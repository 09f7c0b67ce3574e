/* SPDX-License-Identifier: BSD-3-Clause */
/* The card as a device of the machine: held still, saved, loaded, going on. */
#include "hv-core/virtio/net_impl.h"

#include "base/log.h"

#define VERSION 1
#define PACKED	BIT(VIRTIO_F_RING_PACKED)

static bool is_packed(const struct hv_net *n)
{
	return hv_virtio_features(n->virtio) & PACKED;
}

/* A ring whose place is not known is saved as what it is: a device that needs a reset. */
static int quiesce(void *self, struct err *e)
{
	struct hv_net *n = self;

	pthread_mutex_lock(hv_virtio_lock(n->virtio));
	n->quiesced = true;
	if (!hv_net_rings_stop(n))
		hv_virtio_broken(n->virtio, "where its rings stand is not known");
	pthread_mutex_unlock(hv_virtio_lock(n->virtio));
	return 0;
}

static void resume(void *self)
{
	struct hv_net *n = self;

	pthread_mutex_lock(hv_virtio_lock(n->virtio));
	n->quiesced = false;
	hv_net_rings_start(n);
	hv_net_control_run(n);
	pthread_mutex_unlock(hv_virtio_lock(n->virtio));
}

static void save(void *self, struct hv_out *out)
{
	struct hv_net *n = self;
	uint32_t base[HV_NET_RINGS];
	unsigned int rings = n->started ? n->rings : 0;

	for (unsigned int i = 0; i < rings; i++)
		base[i] = is_packed(n) ? n->ring[i].packed_base : n->ring[i].base;
	hv_virtio_save(n->virtio, out);
	hv_net_ctl_save(&n->ctl, base, rings, out);
	hv_out_u32(out, n->listening);
	if (n->listening)
		hv_vq_save(&n->control, out);
}

/* A base is an index the switch goes on from: split, any; packed, slots within the ring. */
static bool base_fits(const struct hv_net *n, const struct hv_vu_ring *r, uint32_t base)
{
	if (!is_packed(n))
		return base <= UINT16_MAX;
	return (base & 0x7fff) < r->size && base >> 16 == (base & 0xffff);
}

static int load_rings(struct hv_net *n, const uint32_t *base, unsigned int rings, struct err *e)
{
	hv_net_rings_find(n);
	if (rings != n->rings)
		return err_set(e, -EINVAL, "nic %s: the snapshot has %u rings, the driver %u",
			       n->id, rings, n->rings);
	for (unsigned int i = 0; i < rings; i++) {
		if (!base_fits(n, &n->ring[i], base[i]))
			return err_set(e, -EINVAL, "nic %s: ring %u of the snapshot stands nowhere",
				       n->id, i);
		n->ring[i].base = (uint16_t)base[i];
		n->ring[i].packed_base = base[i];
	}
	return 0;
}

static int load_control(struct hv_net *n, struct hv_in *in, struct err *e)
{
	unsigned int index = hv_net_control_index(n);
	const struct hv_virtio_queue *q = hv_virtio_queue(n->virtio, index);

	if (!(hv_virtio_features(n->virtio) & BIT(VIRTIO_NET_F_CTRL_VQ)) || !q->enabled ||
	    hv_vq_init(&n->control, &n->vm->mem, q, hv_virtio_features(n->virtio)) != 0)
		return err_set(e, -EINVAL, "nic %s: the snapshot's control queue is none", n->id);
	return hv_vq_load(&n->control, in, e);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct hv_net *n = self;
	uint32_t base[HV_NET_RINGS];
	unsigned int rings = 0;
	int ret = hv_virtio_load(n->virtio, in, e);
	bool control;

	if (ret == 0)
		ret = hv_net_ctl_load(&n->ctl, n->pairs, base, &rings, in, e);
	if (ret != 0)
		return ret;
	n->started = hv_virtio_running(n->virtio);
	n->restored = n->started;
	if (n->started)
		ret = load_rings(n, base, rings, e);
	else if (rings != 0)
		ret = err_set(e, -EINVAL, "nic %s: the snapshot has rings and no driver", n->id);
	control = hv_in_max(in, 1);
	if (ret == 0 && control && !n->started)
		ret = err_set(e, -EINVAL, "nic %s: the snapshot's control queue is none", n->id);
	if (ret == 0 && control) {
		ret = load_control(n, in, e);
		if (ret == 0)
			hv_net_control_listen(n, true);
	}
	return ret == 0 ? hv_in_end(in, "the network card", e) : ret;
}

const struct hv_device_ops hv_net_device_ops = {
	.kind = "virtio-net",
	.version = VERSION,
	.quiesce = quiesce,
	.resume = resume,
	.save = save,
	.load = load,
	.destroy = hv_net_destroy,
};
