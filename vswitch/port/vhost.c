/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port to a guest, over vhost-user. Control plane and data plane are DPDK's rte_vhost.
 *
 * Three threads meet here. rte_vhost's own thread tells when a guest comes, goes, and enables a
 * queue; workers receive and send; main creates and destroys. What the workers need is in a few
 * atomics; before the guest's memory goes (destroy_device) rte_vhost's thread withdraws them and
 * waits until no worker is still inside (port_env.quiesce()).
 *
 * A guest may have more queue pairs than the port has queues: queue q of the port serves the
 * guest's pairs q, q + n, q + 2n, ... so that whatever the guest enables is served.
 */
#include "vswitch/port/port.h"
#include "vswitch/port/sockpath.h"
#include "vswitch/port/vhost_features.h"

#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <rte_vhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum { PAIRS = 64, NO_DEVICE = -1 };

struct vhost {
	LIST_ENTRY(vhost) link;
	struct port *port;
	char path[108];
	bool server;
	bool used;		/* rte_vhost knows the path */
	_Atomic int vid;	/* rte_vhost's number of the connected guest, or NO_DEVICE */
	_Atomic uint64_t pairs; /* the guest's pairs whose transmit ring is enabled, a bit each */
	_Atomic uint64_t rx_pairs;	 /* those whose receive ring is */
	_Atomic int kick[PAIRS];	 /* our own copy of each pair's kick descriptor, or -1 */
	uint64_t share[PORT_QUEUES_MAX]; /* the pairs that queue q serves */
	uint8_t turn[PORT_QUEUES_MAX];	 /* the pair that queue q looks at first; its worker's */
};

/* rte_vhost names a guest by the path of its socket. */
static LIST_HEAD(, vhost) ports = LIST_HEAD_INITIALIZER(ports);
static pthread_mutex_t ports_lock = PTHREAD_MUTEX_INITIALIZER;

static struct vhost *by_vid(int vid)
{
	char path[256];
	struct vhost *v = NULL;

	if (rte_vhost_get_ifname(vid, path, sizeof(path)) != 0)
		return NULL;
	pthread_mutex_lock(&ports_lock);
	LIST_FOREACH (v, &ports, link)
		if (strcmp(v->path, path) == 0)
			break;
	pthread_mutex_unlock(&ports_lock);
	return v;
}

static void forget_kicks(struct vhost *v)
{
	for (int i = 0; i < PAIRS; i++) {
		int fd = atomic_exchange(&v->kick[i], -1);

		if (fd >= 0)
			close(fd);
	}
}

/* The MTU the monitor told its guest, and then us (VHOST_USER_NET_SET_MTU), where all three speak
 * of it (VIRTIO_NET_F_MTU). Such a guest must be sent nothing larger (virtio 1.2, 5.1.4.1), so
 * every worker is to know before it can reach the guest. */
static void learn_mtu(struct vhost *v, int vid)
{
	uint16_t mtu = 0;

	if (rte_vhost_get_mtu(vid, &mtu) != 0 || mtu == 0)
		return;
	atomic_store(&v->port->guest_mtu, mtu);
	port_env.quiesce();
}

static int on_new_device(int vid)
{
	struct vhost *v = by_vid(vid);
	uint64_t features = 0;

	if (!v || rte_vhost_get_negotiated_features(vid, &features) != 0)
		return -1;
	/* Workers poll; a guest need not kick until one sleeps. */
	for (uint16_t i = 0; i < rte_vhost_get_vring_num(vid); i++)
		rte_vhost_enable_guest_notification(vid, i, 0);
	atomic_store(&v->port->tx_caps, vhost_caps(features));
	learn_mtu(v, vid);
	atomic_store(&v->vid, vid);
	atomic_store(&v->port->up, true);
	port_env.changed();
	return 0;
}

static void on_destroy_device(int vid)
{
	struct vhost *v = by_vid(vid);

	if (!v)
		return;
	atomic_store(&v->port->up, false);
	atomic_store(&v->vid, NO_DEVICE);
	port_env.quiesce();
	atomic_store(&v->port->guest_mtu, 0);
	forget_kicks(v);
	port_env.changed();
}

/* May be called with the ring's lock held, so it must not wait for a worker. */
static int on_vring_state(int vid, uint16_t vring, int enable)
{
	struct vhost *v = by_vid(vid);
	unsigned int pair = vring / 2;
	_Atomic uint64_t *mask;
	struct rte_vhost_vring ring;

	if (!v || pair >= PAIRS)
		return 0;
	mask = vring & 1 ? &v->pairs : &v->rx_pairs;
	if (!enable) {
		atomic_fetch_and(mask, ~(UINT64_C(1) << pair));
		return 0;
	}
	/* A descriptor of our own stays what it is even if the guest's monitor sends another one.
	 */
	if ((vring & 1) && atomic_load(&v->kick[pair]) < 0 &&
	    rte_vhost_get_vhost_vring(vid, vring, &ring) == 0 && ring.kickfd >= 0)
		atomic_store(&v->kick[pair], dup(ring.kickfd));
	atomic_fetch_or(mask, UINT64_C(1) << pair);
	return 0;
}

static const struct rte_vhost_device_ops device_ops = {
	.new_device = on_new_device,
	.destroy_device = on_destroy_device,
	.vring_state_changed = on_vring_state,
};

static int serve(struct vhost *v, const json_t *conf, struct err *e)
{
	uint64_t flags = RTE_VHOST_USER_NET_COMPLIANT_OL_FLAGS;

	if (!v->server)
		flags |= RTE_VHOST_USER_CLIENT;
	if (rte_vhost_driver_register(v->path, flags) != 0)
		return err_set(e, -EADDRINUSE,
			       "socket: '%s' is used by another port, or is no place for a socket",
			       v->path);
	v->used = true;
	if (rte_vhost_driver_disable_features(v->path, vhost_withheld(conf)) != 0 ||
	    rte_vhost_driver_callback_register(v->path, &device_ops) != 0)
		return err_set(e, -EINVAL, "socket: rte_vhost refuses the port's features");
	if (rte_vhost_driver_start(v->path) != 0)
		return err_set(e, -EIO, "socket: cannot %s '%s'; see flued's log",
			       v->server ? "listen on" : "connect to", v->path);
	return 0;
}

static int vhost_create(struct port *p, const json_t *conf, struct err *e)
{
	uint16_t queues = (uint16_t)json_get_int(conf, "queues", 1);
	struct vhost *v = calloc(1, sizeof(*v));
	int ret;

	if (!v)
		return err_set(e, -ENOMEM, "out of memory");
	v->port = p;
	snprintf(v->path, sizeof(v->path), "%s", json_get_str(conf, "socket", ""));
	v->server = strcmp(json_get_str(conf, "mode", "server"), "server") == 0;
	atomic_store(&v->vid, NO_DEVICE);
	for (unsigned int i = 0; i < PAIRS; i++) {
		atomic_store(&v->kick[i], -1);
		v->share[i % queues] |= UINT64_C(1) << i;
	}
	p->n_rxq = p->n_txq = queues;
	p->priv = v;
	/* A socket that an earlier flued left behind is in nobody's way. */
	ret = v->server ? sockpath_clear(v->path, e) : 0;
	if (ret != 0)
		goto free_vhost;
	pthread_mutex_lock(&ports_lock);
	LIST_INSERT_HEAD(&ports, v, link);
	pthread_mutex_unlock(&ports_lock);
	ret = serve(v, conf, e);
	if (ret != 0)
		goto unregister;
	return 0;

unregister:
	if (v->used)
		rte_vhost_driver_unregister(v->path);
	pthread_mutex_lock(&ports_lock);
	LIST_REMOVE(v, link);
	pthread_mutex_unlock(&ports_lock);
free_vhost:
	free(v);
	return ret;
}

static void vhost_destroy(struct port *p, bool keep)
{
	struct vhost *v = p->priv;

	/* Disconnects the guest: on_destroy_device() runs before this returns. */
	rte_vhost_driver_unregister(v->path);
	pthread_mutex_lock(&ports_lock);
	LIST_REMOVE(v, link);
	pthread_mutex_unlock(&ports_lock);
	forget_kicks(v);
	if (v->server)
		unlink(v->path);
	free(v);
}

/* rte_vhost says what a guest asked for in a NIC's receive flags; the switch wants it as intent.
 * A unit whose headers rte_vhost did not understand has RX_LRO, too, and is checked in parse. */
static inline void intent(struct rte_mbuf *m)
{
	uint64_t f = m->ol_flags;
	uint32_t l4 = m->packet_type & RTE_PTYPE_L4_MASK;

	if (likely(!(f & (RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_MASK))))
		return;
	m->ol_flags = f & ~(RTE_MBUF_F_RX_LRO | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	if ((f & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_NONE)
		return;
	if (l4 == RTE_PTYPE_L4_UDP)
		m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
	else
		m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	if (f & RTE_MBUF_F_RX_LRO)
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
}

static uint16_t vhost_rx(struct port *p, struct pkt_worker *w, uint16_t q, struct rte_mbuf **pkts,
			 uint16_t n)
{
	struct vhost *v = p->priv;
	int vid = atomic_load_explicit(&v->vid, memory_order_acquire);
	uint64_t pending = atomic_load_explicit(&v->pairs, memory_order_relaxed) & v->share[q];
	uint16_t got = 0;

	if (vid == NO_DEVICE || pending == 0)
		return 0;
	n = RTE_MIN(n, (uint16_t)32);
	/* Start where the last call ended, so that no pair waits behind a busy one. */
	if (pending & (pending - 1)) {
		uint64_t later = pending & ~((UINT64_C(2) << v->turn[q]) - 1);

		pending = later ? later : pending;
	}
	for (; pending && got < n; pending &= pending - 1) {
		unsigned int pair = (unsigned int)__builtin_ctzll(pending);

		got += rte_vhost_dequeue_burst(vid, (uint16_t)(pair * 2 + 1), w->data_pool,
					       pkts + got, n - got);
		v->turn[q] = (uint8_t)(pair & 63);
	}
	for (uint16_t i = 0; i < got; i++)
		intent(pkts[i]);
	return got;
}

/* The guest's receive ring this queue sends to. */
static int ring_of(const struct vhost *v, uint16_t q)
{
	uint64_t pairs = atomic_load_explicit(&v->rx_pairs, memory_order_relaxed);
	int n = __builtin_popcountll(pairs);

	if (n == 0)
		return -1;
	for (int skip = q % n; skip > 0; skip--)
		pairs &= pairs - 1;
	return __builtin_ctzll(pairs) * 2;
}

static uint16_t vhost_tx(struct port *p, struct pkt_worker *w, uint16_t q, struct rte_mbuf **pkts,
			 uint16_t n, enum pkt_drop *why)
{
	struct vhost *v = p->priv;
	int vid = atomic_load_explicit(&v->vid, memory_order_acquire), ring;
	uint16_t sent;

	*why = PKT_DROP_NOT_UP;
	if (unlikely(vid == NO_DEVICE))
		return 0;
	ring = ring_of(v, q);
	if (unlikely(ring < 0))
		return 0;
	sent = rte_vhost_enqueue_burst(vid, (uint16_t)ring, pkts, n);
	/* With buffers left, it is this packet that does not fit in them. */
	if (unlikely(sent < n))
		*why = rte_vhost_avail_entries(vid, (uint16_t)ring) > 0 ? PKT_DROP_TX_REFUSED
									: PKT_DROP_TX_FULL;
	/* The guest has its own copy by now. */
	rte_pktmbuf_free_bulk(pkts, sent);
	return sent;
}

static int vhost_sleep(struct port *p, uint16_t q, int *fds, int max)
{
	struct vhost *v = p->priv;
	int vid = atomic_load(&v->vid), n = 0;
	uint64_t pending = atomic_load(&v->pairs) & v->share[q];

	if (vid == NO_DEVICE)
		return 0; /* main wakes the workers when a guest comes */
	for (; pending; pending &= pending - 1) {
		unsigned int pair = (unsigned int)__builtin_ctzll(pending);
		int fd = atomic_load(&v->kick[pair]);

		if (fd < 0 || n == max)
			return -1;
		rte_vhost_enable_guest_notification(vid, (uint16_t)(pair * 2 + 1), 1);
		fds[n++] = fd;
	}
	return n;
}

/* A kick descriptor may be a blocking one, so it is read only when there is something in it. */
static void drain(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	uint64_t count;

	if (poll(&pfd, 1, 0) == 1 && read(fd, &count, sizeof(count)) < 0)
		return;
}

static void vhost_wake(struct port *p, uint16_t q)
{
	struct vhost *v = p->priv;
	int vid = atomic_load(&v->vid);
	uint64_t pending = atomic_load(&v->pairs) & v->share[q];

	if (vid == NO_DEVICE)
		return;
	for (; pending; pending &= pending - 1) {
		unsigned int pair = (unsigned int)__builtin_ctzll(pending);
		int fd = atomic_load(&v->kick[pair]);

		rte_vhost_enable_guest_notification(vid, (uint16_t)(pair * 2 + 1), 0);
		if (fd >= 0)
			drain(fd);
	}
}

static int vhost_set_mtu(struct port *p, uint16_t mtu, struct err *e)
{
	return 0; /* vhost-user has no message that tells a guest; the switch enforces it */
}

static void vhost_mtu(struct port *p, struct port_mtu *out)
{
	out->guest = atomic_load(&p->guest_mtu);
}

static void vhost_show(struct port *p, json_t *out)
{
	struct vhost *v = p->priv;
	uint16_t mtu = atomic_load(&p->guest_mtu);

	if (atomic_load(&v->vid) == NO_DEVICE)
		return;
	json_object_set_new(out, "queues_enabled",
			    json_integer(__builtin_popcountll(atomic_load(&v->pairs))));
	if (mtu)
		json_object_set_new(out, "guest_mtu", json_integer(mtu));
}

const struct port_ops port_vhost_ops = {
	.kind = "vhost",
	.create = vhost_create,
	.destroy = vhost_destroy,
	.rx_burst = vhost_rx,
	.tx_burst = vhost_tx,
	.sleep = vhost_sleep,
	.wake = vhost_wake,
	.set_mtu = vhost_set_mtu,
	.mtu = vhost_mtu,
	.show = vhost_show,
};
