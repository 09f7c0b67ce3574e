/* SPDX-License-Identifier: BSD-3-Clause */
/* The synthetic card's making and end, and what its driver does by registers. */
#include "hv-core/virtio/net_impl.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TYPE_NET     1
#define CLASS_NET    0x020000 /* Ethernet controller */
#define QUEUE_SIZE   256
#define QUEUE_MIN    64
#define MTU_MIN	     68 /* virtio 1.2, 5.1.4.1 */
#define CONFIG_BYTES 12 /* up to and with the MTU: 5.1.4 */

struct config {
	uint8_t mac[6];
	uint16_t status, pairs, mtu;
};
_Static_assert(sizeof(struct config) == CONFIG_BYTES, "5.1.4");

static bool has(uint64_t features, unsigned int bit)
{
	return features & BIT(bit);
}

/* 5.1.3.1: what needs what. */
static bool hangs_together(uint64_t f)
{
	bool guest_tso = has(f, VIRTIO_NET_F_GUEST_TSO4) || has(f, VIRTIO_NET_F_GUEST_TSO6);
	bool host_tso = has(f, VIRTIO_NET_F_HOST_TSO4) || has(f, VIRTIO_NET_F_HOST_TSO6);
	bool control = has(f, VIRTIO_NET_F_CTRL_RX) || has(f, VIRTIO_NET_F_CTRL_MAC_ADDR) ||
		       has(f, VIRTIO_NET_F_GUEST_ANNOUNCE) || has(f, VIRTIO_NET_F_MQ);

	return (!guest_tso || has(f, VIRTIO_NET_F_GUEST_CSUM)) &&
	       (!host_tso || has(f, VIRTIO_NET_F_CSUM)) &&
	       (!has(f, VIRTIO_NET_F_GUEST_ECN) || guest_tso) &&
	       (!has(f, VIRTIO_NET_F_HOST_ECN) || host_tso) &&
	       (!control || has(f, VIRTIO_NET_F_CTRL_VQ));
}

static bool accept_features(void *self, uint64_t features)
{
	struct hv_net *n = self;
	uint64_t lacking = features & NET_SWITCH & ~hv_vu_features(n->vu);

	if (hv_vu_is_connected(n->vu) && lacking) {
		log_warn("nic %s: the switch lacks features the guest wants: %#llx", n->id,
			 (unsigned long long)lacking);
		return false;
	}
	return hangs_together(features);
}

static int start(void *self)
{
	struct hv_net *n = self;
	uint64_t features = hv_virtio_features(n->virtio);
	const struct hv_virtio_queue *q = hv_virtio_queue(n->virtio, hv_net_control_index(n));
	int ret;

	if (has(features, VIRTIO_NET_F_CTRL_VQ) && q->enabled) {
		ret = hv_vq_init(&n->control, &n->vm->mem, q, features);
		if (ret != 0)
			return ret;
		hv_net_control_listen(n, true);
	}
	n->started = true;
	hv_net_rings_find(n);
	/* Without a switch the driver runs all the same, with its link down. */
	hv_net_rings_start(n);
	return 0;
}

/* The driver is gone, and all it had set. What the switch of today can do is offered next: by the
 * loop, because the transport has not forgotten the driver yet. */
static void stop(void *self)
{
	struct hv_net *n = self;

	hv_net_control_listen(n, false);
	hv_net_rings_stop(n);
	n->started = false;
	n->rings = 0;
	memcpy(n->ctl.mac, n->mac, sizeof(n->mac));
	n->ctl.pairs = 1;
	n->ctl.promisc = n->ctl.allmulti = n->ctl.announce = false;
	eventfd_write(n->wake, 1);
}

static void vector_changed(void *self, unsigned int queue)
{
	struct hv_net *n = self;

	if (!n->started || queue >= n->rings)
		return;
	n->ring[queue].call_fd = hv_virtio_call_fd(n->virtio, queue);
	/* Where there is no switch now, the next one is told when it comes. */
	if (n->handed && hv_vu_is_connected(n->vu))
		(void)hv_vu_set_call(n->vu, queue, n->ring[queue].call_fd, NULL);
}

static void config_read(void *self, unsigned int off, void *to, unsigned int len)
{
	const struct hv_net *n = self;
	struct config c = {.pairs = n->ctl.pairs_max, .mtu = n->mtu};

	memcpy(c.mac, n->ctl.mac, sizeof(c.mac));
	if (n->up)
		c.status |= VIRTIO_NET_S_LINK_UP;
	if (n->ctl.announce)
		c.status |= VIRTIO_NET_S_ANNOUNCE;
	memcpy(to, (const uint8_t *)&c + off, len);
}

static void ejected(void *self)
{
	struct hv_net *n = self;

	n->ejected(n->arg);
}

static const struct hv_virtio_ops fixed_ops = {.accept = accept_features,
					       .start = start,
					       .stop = stop,
					       .vector_changed = vector_changed,
					       .config_read = config_read};
static const struct hv_virtio_ops removable_ops = {.accept = accept_features,
						   .start = start,
						   .stop = stop,
						   .vector_changed = vector_changed,
						   .config_read = config_read,
						   .ejected = ejected};

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct hv_net *n = arg;
	eventfd_t count;

	pthread_mutex_lock(hv_virtio_lock(n->virtio));
	if (eventfd_read(n->wake, &count) == 0)
		hv_net_offer(n);
	hv_net_control_run(n);
	pthread_mutex_unlock(hv_virtio_lock(n->virtio));
}

static uint64_t features_of(const struct hv_net_options *o)
{
	uint64_t f = NET_RING | NET_HERE;

	if (!o->packed)
		f &= ~BIT(VIRTIO_F_RING_PACKED);
	if (o->csum)
		f |= NET_CSUM;
	if (o->tso)
		f |= NET_TSO;
	if (o->mtu)
		f |= BIT(VIRTIO_NET_F_MTU);
	if (o->queue_pairs > 1)
		f |= BIT(VIRTIO_NET_F_MQ);
	return f;
}

static int check(const struct hv_net_options *o, struct err *e)
{
	static const uint8_t zero[6];

	if (o->queue_pairs < 1 || o->queue_pairs > HV_NET_PAIRS)
		return err_set(e, -EINVAL, "nic %s: %u queue pairs; there can be 1 to %d", o->id,
			       o->queue_pairs, HV_NET_PAIRS);
	if (o->queue_size && o->queue_size < QUEUE_MIN)
		return err_set(e, -EINVAL, "nic %s: a queue size of %u; it must be at least %d",
			       o->id, o->queue_size, QUEUE_MIN);
	if (o->mac[0] & 1 || memcmp(o->mac, zero, sizeof(zero)) == 0)
		return err_set(e, -EINVAL, "nic %s: its MAC address is no unicast address", o->id);
	if (o->mtu && o->mtu < MTU_MIN)
		return err_set(e, -EINVAL, "nic %s: an MTU of %u; it must be at least %d", o->id,
			       o->mtu, MTU_MIN);
	if (o->tso && !o->csum)
		return err_set(e, -EINVAL, "nic %s: tso needs csum; turn both on or tso off",
			       o->id);
	return 0;
}

/* The loop's part: kicks of the control queue, and requests to look at what is offered. */
static int make_event(struct hv_net *n, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN};

	n->epoll = epoll_create1(EPOLL_CLOEXEC);
	n->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (n->epoll < 0 || n->wake < 0 || epoll_ctl(n->epoll, EPOLL_CTL_ADD, n->wake, &ev) != 0)
		return err_set(e, -errno, "nic %s: no descriptors: %s", n->id, strerror(errno));
	n->event = event_new(n->vm->loop, n->epoll, EV_READ | EV_PERSIST, on_event, n);
	if (!n->event || event_add(n->event, NULL) != 0)
		return err_set(e, -ENOMEM, "nic %s: no memory", n->id);
	return 0;
}

static int make_virtio(struct hv_net *n, struct hv_pci *pci, const struct hv_net_options *o,
		       struct err *e)
{
	const struct hv_virtio_options vo = {
		.type = TYPE_NET,
		.class_code = CLASS_NET,
		.features = n->can,
		.queues = 2 * o->queue_pairs + 1,
		.queue_size = o->queue_size ? o->queue_size : QUEUE_SIZE,
		.config_bytes = CONFIG_BYTES,
		.name = n->id,
	};

	n->virtio = hv_virtio_new(pci, &vo, o->ejected ? &removable_ops : &fixed_ops, n, e);
	return n->virtio ? 0 : e->code;
}

static int make_link(struct hv_net *n, const struct hv_net_options *o, struct err *e)
{
	const struct hv_vu_options vo = {
		.path = o->path,
		.fd = o->fd,
		.mode = o->mode,
		.dial = o->dial,
		.dial_arg = o->dial_arg,
		.features = NET_SWITCH | NET_TOLD,
		.queues_max = 2 * o->queue_pairs,
		.mtu = o->mtu,
	};

	n->vu = hv_vu_new(n->vm->loop, &vo, &hv_net_link_ops, n, e);
	return n->vu ? 0 : e->code;
}

void hv_net_destroy(void *self)
{
	struct hv_net *n = self;

	hv_virtio_free(n->virtio);
	hv_vu_free(n->vu);
	if (n->event)
		event_free(n->event);
	if (n->wake >= 0)
		close(n->wake);
	if (n->epoll >= 0)
		close(n->epoll);
	free(n);
}

int hv_net_create(struct hv_vm *vm, struct hv_pci *pci, const struct hv_net_options *o,
		  struct hv_net **net, struct err *e)
{
	char id[HV_DEVICE_ID];
	struct hv_net *n = NULL;
	int ret = check(o, e);

	if (ret != 0)
		goto close_given;
	if (snprintf(id, sizeof(id), "nic:%s", o->id) >= (int)sizeof(id)) {
		ret = err_set(e, -ENAMETOOLONG, "nic %s: the name is too long", o->id);
		goto close_given;
	}
	n = calloc(1, sizeof(*n));
	if (!n) {
		ret = err_set(e, -ENOMEM, "nic %s: no memory", o->id);
		goto close_given;
	}
	snprintf(n->id, sizeof(n->id), "%s", o->id);
	memcpy(n->mac, o->mac, sizeof(n->mac));
	memcpy(n->ctl.mac, o->mac, sizeof(n->mac));
	n->vm = vm;
	n->mtu = o->mtu;
	n->pairs = o->queue_pairs;
	n->ctl.pairs_max = (uint16_t)o->queue_pairs;
	n->ctl.pairs = 1;
	n->can = features_of(o);
	n->ejected = o->ejected;
	n->arg = o->arg;
	n->epoll = n->wake = -1;
	/* The link before the card: a driver that is there at once finds it. */
	ret = make_link(n, o, e);
	if (ret == 0)
		ret = make_event(n, e);
	if (ret == 0)
		ret = make_virtio(n, pci, o, e);
	if (ret == 0)
		ret = hv_vm_add(vm, &n->device, &hv_net_device_ops, n, id, e);
	if (ret != 0) {
		hv_net_destroy(n);
		return ret;
	}
	*net = n;
	return 0;

close_given:
	if (o->fd >= 0)
		close(o->fd);
	return ret;
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	*(bool *)arg = true;
}

int hv_net_wait(struct hv_net *n, unsigned int timeout_ms, struct err *e)
{
	struct timeval t = {.tv_sec = timeout_ms / 1000,
			    .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
	bool late = false;
	struct event *timer = evtimer_new(n->vm->loop, on_timeout, &late);

	if (!timer)
		return err_set(e, -ENOMEM, "nic %s: no memory", n->id);
	evtimer_add(timer, &t);
	int ret = 0;
	while (!hv_vu_is_connected(n->vu) && !late && ret == 0)
		ret = event_base_loop(n->vm->loop, EVLOOP_ONCE);
	event_free(timer);
	if (hv_vu_is_connected(n->vu))
		return 0;
	if (ret != 0)
		return err_set(e, -EIO, "nic %s: cannot wait for events", n->id);
	return err_set(e, -ETIMEDOUT,
		       "nic %s: no switch within %u ms; start it, or let the guest start without",
		       n->id, timeout_ms);
}

void hv_net_give(struct hv_net *n, int fd)
{
	hv_vu_give(n->vu, fd);
}

int hv_net_unplug_request(struct hv_net *n, struct err *e)
{
	return hv_pci_unplug_request(hv_virtio_fn(n->virtio), e);
}

void hv_net_remove(struct hv_net *n)
{
	hv_vm_remove(n->vm, &n->device);
	hv_net_destroy(n);
}

void hv_net_info(struct hv_net *n, struct hv_net_info *info)
{
	pthread_mutex_lock(hv_virtio_lock(n->virtio));
	*info = (struct hv_net_info){
		.connected = hv_vu_is_connected(n->vu),
		.running = n->started,
		.pairs = n->ctl.pairs,
		.features = hv_virtio_features(n->virtio),
		.lost = n->lost,
		.promisc = n->ctl.promisc,
		.allmulti = n->ctl.allmulti,
	};
	memcpy(info->mac, n->ctl.mac, sizeof(info->mac));
	pthread_mutex_unlock(hv_virtio_lock(n->virtio));
}
