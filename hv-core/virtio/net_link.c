/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The card's rings and the switch: handed over when both the driver and the switch are there, taken
 * back when either goes.
 *
 * When the switch goes without a word, the guest keeps its rings and sees the link go down. The
 * next switch gets the same rings where the last one left them, the link comes up, and the card is
 * announced, because a switch that is new knows of no addresses. Only a ring that does not say
 * where it stands makes the device ask for a reset.
 */
#include "hv-core/virtio/net_impl.h"

#include "base/log.h"

#include <unistd.h>

/* A millisecond apart: a driver in the middle of a buffer goes on soon. */
#define RECOVER_TRIES 20

static uint64_t features_told(const struct hv_net *n)
{
	uint64_t f = hv_virtio_features(n->virtio);

	return (f & NET_SWITCH) | (f & NET_TOLD & hv_vu_features(n->vu));
}

void hv_net_offer(struct hv_net *n)
{
	uint64_t f = n->can;
	unsigned int pairs = n->pairs;

	if (hv_vu_is_connected(n->vu)) {
		f &= hv_vu_features(n->vu) | ~NET_SWITCH;
		if (hv_vu_queue_pairs(n->vu) < pairs)
			pairs = hv_vu_queue_pairs(n->vu);
	}
	if (hv_virtio_limit(n->virtio, f))
		n->ctl.pairs_max = (uint16_t)pairs;
}

static void link_is(struct hv_net *n, bool up)
{
	if (n->up == up)
		return;
	n->up = up;
	hv_virtio_config_changed(n->virtio);
}

/* By the guest where it can do that, and by the switch, which needs no guest. */
static void announce(struct hv_net *n)
{
	struct err e;

	if (hv_virtio_features(n->virtio) & BIT(VIRTIO_NET_F_GUEST_ANNOUNCE)) {
		n->ctl.announce = true;
		hv_virtio_config_changed(n->virtio);
	}
	if (hv_vu_announce(n->vu, n->ctl.mac, &e) != 0 && e.code != -EOPNOTSUPP)
		log_warn("nic %s: its address is not announced: %s", n->id, e.text);
}

void hv_net_rings_find(struct hv_net *n)
{
	const struct hv_mem *mem = &n->vm->mem;
	bool mq = hv_virtio_features(n->virtio) & BIT(VIRTIO_NET_F_MQ);
	unsigned int pairs = mq ? n->ctl.pairs_max : 1;

	n->rings = 0;
	for (unsigned int i = 0; i < 2 * pairs; i++) {
		const struct hv_virtio_queue *q = hv_virtio_queue(n->virtio, i);

		if (!q->enabled)
			break;
		n->ring[i] = (struct hv_vu_ring){
			.size = q->size,
			.packed_base = 0x80008000u, /* both wrap counters begin at 1 */
			.desc = hv_mem_at(mem, q->desc, 1),
			.driver = hv_mem_at(mem, q->driver, 1),
			.device = hv_mem_at(mem, q->device, 1),
			.device_gpa = q->device,
			.kick_fd = q->kick_fd,
			.call_fd = hv_virtio_call_fd(n->virtio, i),
		};
		n->rings = (i + 1) & ~1u;
	}
}

/* The bases from the rings themselves. */
static int recover(struct hv_net *n, struct err *e)
{
	uint64_t features = hv_virtio_features(n->virtio);

	for (unsigned int i = 0; i < n->rings; i++) {
		int ret = -EAGAIN;

		for (int t = 0; t < RECOVER_TRIES && ret == -EAGAIN; t++) {
			if (t > 0)
				usleep(1000);
			ret = hv_vu_recover(features, &n->ring[i], e);
		}
		if (ret != 0)
			return ret;
	}
	n->handed = false;
	return 0;
}

static unsigned int regions(const struct hv_net *n, struct hv_vu_region *to)
{
	const struct hv_mem *m = &n->vm->mem;

	for (unsigned int i = 0; i < m->n; i++)
		to[i] = (struct hv_vu_region){.gpa = m->region[i].gpa,
					      .bytes = m->region[i].bytes,
					      .offset = m->region[i].offset,
					      .host = m->region[i].host,
					      .fd = m->fd};
	return m->n;
}
_Static_assert(HV_MEM_REGIONS <= HV_VU_REGIONS, "all of the memory is told");

static void broken(struct hv_net *n, const struct err *e)
{
	n->handed = false;
	hv_virtio_broken(n->virtio, e->text);
}

void hv_net_rings_start(struct hv_net *n)
{
	struct hv_vu_region region[HV_VU_REGIONS];
	unsigned int n_regions = regions(n, region);
	struct err e;

	if (!n->started || n->quiesced || n->rings == 0 || !hv_vu_is_connected(n->vu))
		return;
	if (n->handed && recover(n, &e) != 0) {
		broken(n, &e);
		return;
	}
	for (unsigned int i = 0; i < n->rings; i++) {
		n->ring[i].call_fd = hv_virtio_call_fd(n->virtio, i);
		n->ring[i].enabled = i / 2 < n->ctl.pairs;
	}
	n->handed = true;
	/* A switch that cannot take them is sent away by this; the loop tells. */
	if (hv_vu_start(n->vu, features_told(n), region, n_regions, n->ring, n->rings, &e) != 0)
		return;
	if (n->lost > 0 || n->restored)
		announce(n);
	n->restored = false;
}

bool hv_net_rings_stop(struct hv_net *n)
{
	struct err e;

	if (!n->handed)
		return true;
	if (hv_vu_stop(n->vu, n->ring, n->rings, &e) == 0) {
		n->handed = false;
		return true;
	}
	if (recover(n, &e) == 0)
		return true;
	log_warn("nic %s: %s", n->id, e.text);
	n->handed = false;
	return false;
}

static void connected(void *self)
{
	struct hv_net *n = self;

	pthread_mutex_lock(hv_virtio_lock(n->virtio));
	hv_net_offer(n);
	hv_net_rings_start(n);
	link_is(n, true);
	pthread_mutex_unlock(hv_virtio_lock(n->virtio));
}

static void lost(void *self, const char *why)
{
	struct hv_net *n = self;

	pthread_mutex_lock(hv_virtio_lock(n->virtio));
	n->lost++;
	link_is(n, false);
	pthread_mutex_unlock(hv_virtio_lock(n->virtio));
}

const struct hv_vu_ops hv_net_link_ops = {.connected = connected, .lost = lost};
