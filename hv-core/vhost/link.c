/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vhost/link_impl.h"

#include "base/log.h"

#include <fcntl.h>
#include <linux/virtio_config.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* The memory: both rings, then both rings' buffers. It is a guest memory of its own to the other
 * side, so its address is ours to choose. */
#define MEM_GPA	  0x100000ull
#define BUF_BYTES ((size_t)HV_LINK_RING * HV_LINK_BUF)
#define BUF_OFF	  ((size_t)RINGS * HV_LINK_RING_BYTES)
#define MEM_BYTES (BUF_OFF + RINGS * BUF_BYTES)

/* GUEST_TSO is left out on purpose: an 82540 cannot receive units. */
#define FEATURES                                                            \
	(1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_NET_F_CSUM |           \
	 1ull << VIRTIO_NET_F_GUEST_CSUM | 1ull << VIRTIO_NET_F_HOST_TSO4 | \
	 1ull << VIRTIO_NET_F_HOST_TSO6 | 1ull << VIRTIO_NET_F_MRG_RXBUF)

static unsigned int offloads_of(uint64_t features)
{
	unsigned int o = 0;

	if (features & 1ull << VIRTIO_NET_F_CSUM) {
		o |= HV_LINK_CSUM;
		if (features & 1ull << VIRTIO_NET_F_HOST_TSO4)
			o |= HV_LINK_TSO4;
		if (features & 1ull << VIRTIO_NET_F_HOST_TSO6)
			o |= HV_LINK_TSO6;
	}
	return o;
}

static void rings_anew(struct hv_link *l, uint64_t features)
{
	for (int i = 0; i < RINGS; i++) {
		hv_link_ring_reset(&l->ring[i]);
		l->base[i] = 0;
	}
	l->ring[RX].mergeable = features & 1ull << VIRTIO_NET_F_MRG_RXBUF;
	hv_link_ring_fill(&l->ring[RX]);
	hv_link_ring_want_call(&l->ring[TX], false);
	l->broken_said = false;
	l->fresh = false;
}

static int rings_start(struct hv_link *l, uint64_t features, struct err *e)
{
	struct hv_vu_region region = {MEM_GPA, MEM_BYTES, 0, l->mem, l->mem_fd};
	struct hv_vu_ring ring[RINGS];

	for (int i = 0; i < RINGS; i++)
		ring[i] = (struct hv_vu_ring){
			.size = HV_LINK_RING,
			.base = l->base[i],
			.desc = l->ring[i].desc,
			.driver = l->ring[i].avail,
			.device = l->ring[i].used,
			.device_gpa = MEM_GPA + (uint64_t)((uint8_t *)l->ring[i].used - l->mem),
			.kick_fd = l->kick_fd[i],
			.call_fd = l->call_fd,
			.enabled = true,
		};
	return hv_vu_start(l->vu, features, &region, 1, ring, RINGS, e);
}

/* Hands the rings over. Nothing happens when the other side is not there. */
static void plug(struct hv_link *l)
{
	uint64_t features = hv_vu_features(l->vu);
	struct err e = {0};

	if (l->stopped || l->started || !hv_vu_is_connected(l->vu))
		return;
	if (!(features & 1ull << VIRTIO_F_VERSION_1)) {
		log_err("%s: the switch does not offer virtio 1 (VERSION_1); use one that does",
			l->name);
		return;
	}
	if (l->fresh) {
		/* What its predecessor had taken was of the rings as they were. */
		hv_vu_forget(l->vu);
		pthread_mutex_lock(&l->lock);
		rings_anew(l, features);
		pthread_mutex_unlock(&l->lock);
	}
	if (rings_start(l, features, &e)) {
		log_warn("%s: cannot hand rings to the switch: %s", l->name, e.text);
		l->fresh = true;
		return;
	}
	l->started = true;
	pthread_mutex_lock(&l->lock);
	l->up = true;
	l->grace = false;
	l->offloads = offloads_of(features) & l->offloads_wanted;
	pthread_mutex_unlock(&l->lock);
	/* What was made available while nobody was there has to be looked at. */
	for (int i = 0; i < RINGS; i++)
		eventfd_write(l->kick_fd[i], 1);
	l->ops.changed(l->self, true);
}

static void pull(struct hv_link *l)
{
	pthread_mutex_lock(&l->lock);
	l->up = false;
	pthread_mutex_unlock(&l->lock);
	l->started = false;
}

static void connected(void *self)
{
	plug(self);
}

static void lost(void *self, const char *why)
{
	struct hv_link *l = self;

	l->fresh = true;
	if (!l->started)
		return;
	pull(l);
	log_info("%s: the switch went away: %s", l->name, why);
	l->ops.changed(l->self, false);
}

/* The other side did not come in time. */
static void grace_over(evutil_socket_t fd, short what, void *self)
{
	struct hv_link *l = self;

	pthread_mutex_lock(&l->lock);
	l->grace = false;
	pthread_mutex_unlock(&l->lock);
	if (!l->started && !l->stopped)
		l->ops.changed(l->self, false);
}

static const struct hv_vu_ops front_ops = {.connected = connected, .lost = lost};

static int make_memory(struct hv_link *l)
{
	l->mem_fd = memfd_create("hv-link", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (l->mem_fd < 0 || ftruncate(l->mem_fd, MEM_BYTES) ||
	    fcntl(l->mem_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		return -errno;
	void *p = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, l->mem_fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	l->mem = p;
	for (int i = 0; i < RINGS; i++) {
		size_t buf = BUF_OFF + (size_t)i * BUF_BYTES;

		hv_link_ring_place(&l->ring[i], l->mem + (size_t)i * HV_LINK_RING_BYTES,
				   l->mem + buf, MEM_GPA + buf);
		hv_link_ring_reset(&l->ring[i]);
	}
	return 0;
}

static int make_fds(struct hv_link *l)
{
	l->call_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->kick_fd[RX] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->kick_fd[TX] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return l->call_fd < 0 || l->kick_fd[RX] < 0 || l->kick_fd[TX] < 0 ? -errno : 0;
}

struct hv_link *hv_link_new(struct event_base *loop, const struct hv_link_options *o,
			    const struct hv_link_ops *ops, void *self, struct err *e)
{
	struct hv_link *l = calloc(1, sizeof(*l));

	if (!l) {
		err_set(e, -ENOMEM, "%s: out of memory", o->name);
		return NULL;
	}
	l->ops = *ops;
	l->self = self;
	l->fresh = true;
	l->offloads_wanted = o->offloads;
	l->mem_fd = l->call_fd = l->kick_fd[RX] = l->kick_fd[TX] = -1;
	strncpy(l->name, o->name, sizeof(l->name) - 1);
	pthread_mutex_init(&l->lock, NULL);
	int rc = make_memory(l);
	if (rc == 0)
		rc = make_fds(l);
	l->grace_over = evtimer_new(loop, grace_over, l);
	if (rc == 0 && !l->grace_over)
		rc = -ENOMEM;
	if (rc) {
		err_set(e, rc, "%s: cannot make the link's memory: %s", o->name, strerror(-rc));
		goto free_link;
	}
	struct hv_vu_options vu = {.path = o->path,
				   .fd = o->fd,
				   .mode = o->mode,
				   .dial = o->dial,
				   .dial_arg = o->dial_arg,
				   .features = FEATURES,
				   .queues_max = RINGS};
	l->vu = hv_vu_new(loop, &vu, &front_ops, l, e);
	if (l->vu)
		return l;
free_link:
	hv_link_free(l);
	return NULL;
}

void hv_link_free(struct hv_link *l)
{
	if (l->vu)
		hv_vu_free(l->vu);
	if (l->grace_over)
		event_free(l->grace_over);
	if (l->mem)
		munmap(l->mem, MEM_BYTES);
	int fds[] = {l->mem_fd, l->call_fd, l->kick_fd[RX], l->kick_fd[TX]};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void hv_link_give(struct hv_link *l, int fd)
{
	hv_vu_give(l->vu, fd);
}

void hv_link_stop(struct hv_link *l)
{
	struct hv_vu_ring ring[RINGS] = {{0}};
	struct err e = {0};

	l->stopped = true;
	evtimer_del(l->grace_over);
	if (!l->started)
		return;
	pull(l);
	if (hv_vu_stop(l->vu, ring, RINGS, &e)) {
		/* It is gone, so it touches nothing; what it had is lost with it. */
		log_info("%s: the switch could not be stopped: %s", l->name, e.text);
		l->fresh = true;
		return;
	}
	for (int i = 0; i < RINGS; i++)
		l->base[i] = ring[i].base;
}

void hv_link_start(struct hv_link *l)
{
	static const struct timeval second = {1, 0};

	l->stopped = false;
	plug(l);
	if (l->started)
		return;
	pthread_mutex_lock(&l->lock);
	l->grace = true;
	pthread_mutex_unlock(&l->lock);
	evtimer_add(l->grace_over, &second);
}

void hv_link_announce(struct hv_link *l, const uint8_t mac[6])
{
	struct err e = {0};

	if (l->started && hv_vu_announce(l->vu, mac, &e))
		log_info("%s: the switch was not told of the address: %s", l->name, e.text);
}
