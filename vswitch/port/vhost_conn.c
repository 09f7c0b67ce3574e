/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest's monitor says over vhost-user, as far as workers are concerned. */
#include "vswitch/port/vhost_features.h"
#include "vswitch/port/vhost_port.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests (vhost-user, "Front-end message types"). */
enum {
	SET_FEATURES = 2,
	RESET_OWNER = 4,
	SET_MEM_TABLE = 5,
	SET_LOG_BASE = 6,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	SEND_RARP = 19,
	GET_INFLIGHT_FD = 31,
	SET_INFLIGHT_FD = 32,
};

/* How a message begins. */
struct message {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
	uint8_t payload[8];
};
_Static_assert(offsetof(struct message, payload) == 12, "vhost-user, \"Header\"");

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

static _Atomic uint64_t *mask_of(struct vhost *v, uint16_t i)
{
	return i & 1 ? &v->tx_pairs : &v->rx_pairs;
}

static uint16_t place(const struct vhost_ring *r, uint16_t at, bool wrap)
{
	return r->packed ? (uint16_t)(at | wrap << 15) : at;
}

/* Descriptors that workers may use. A worker must not wait for whoever reads a call; and a kick
 * descriptor of our own stays what it is even if the monitor sends another one. */
static void set_fds(struct vhost_ring *r)
{
	if (r->callfd >= 0 && fcntl(r->callfd, F_SETFL, O_NONBLOCK) < 0)
		r->callfd = -1;
	r->kickfd = r->kickfd >= 0 ? fcntl(r->kickfd, F_DUPFD_CLOEXEC, 0) : -1;
}

static struct vhost_ring *ring_new(struct vhost *v, int vid, uint16_t i)
{
	struct vhost_ring *r = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*r));
	struct rte_vhost_vring vring = {0};
	struct vhost_mem mem = {0};
	struct vhost_ring_conf conf = {.mem = &mem, .index = i, .vid = vid};

	if (!r)
		return NULL;
	if (rte_vhost_get_vhost_vring(vid, i, &vring) != 0 ||
	    rte_vhost_get_negotiated_features(vid, &conf.features) != 0 ||
	    rte_vhost_get_vring_base(vid, i, &conf.avail_base, &conf.used_base) != 0 ||
	    vhost_mem_of(&mem, vid) != 0)
		goto free_ring;
	conf.desc = vring.desc;
	conf.avail = vring.avail;
	conf.used = vring.used;
	conf.size = vring.size;
	conf.callfd = vring.callfd;
	conf.kickfd = vring.kickfd;
	if (vhost_ring_init(r, &conf) != 0)
		goto free_ring;
	set_fds(r);
	return r;

free_ring:
	free(r);
	return NULL;
}

static void publish(struct vhost *v, int vid, uint16_t i)
{
	struct vhost_ring *r;

	/* rte_vhost does not look whether it has a memory table before it tells of it. */
	if (!v->has_memory || !v->enabled[i] || atomic_load(&v->rings[i]))
		return;
	r = ring_new(v, vid, i);
	if (!r) {
		log_warn("port %s: ring %u of the guest is not served: its size, place or position "
			 "is none that virtio allows, or there is no memory for it; reset the "
			 "guest's device, and update its monitor if that does not help",
			 v->port->name, i);
		return;
	}
	r->shown = &v->faults[i];
	atomic_store(r->shown, VHOST_OK);
	/* Workers poll; a guest need not kick until one sleeps. Of its receive buffers nobody waits
	 * to be told. */
	vhost_ring_kicks(r, false);
	atomic_store_explicit(&v->rings[i], r, memory_order_release);
	atomic_fetch_or(mask_of(v, i), UINT64_C(1) << i / 2);
}

static void publish_all(struct vhost *v, int vid)
{
	for (uint16_t i = 0; i < VHOST_RINGS; i++)
		publish(v, vid, i);
	/* A worker that sleeps has other descriptors to wait for now. */
	port_env.changed();
}

/* No worker knows it any more. What it borrowed goes back, and rte_vhost learns where it stands. */
static void ring_end(struct vhost *v, int vid, struct vhost_ring *r)
{
	bool done = vhost_ring_done(r);

	rte_vhost_set_vring_base(vid, r->index, place(r, r->next, r->wrap),
				 place(r, r->used_idx, r->used_wrap));
	if (r->kickfd >= 0)
		close(r->kickfd);
	/* Whoever frees the packet later counts in the ring, so this must stay. */
	if (!done)
		log_err("port %s: a packet still refers to the guest's memory", v->port->name);
	else
		free(r);
}

/* Takes rings [from, to) from the workers. */
static void withdraw(struct vhost *v, int vid, uint16_t from, uint16_t to)
{
	struct vhost_ring *gone[VHOST_RINGS];
	uint16_t n = 0;

	for (uint16_t i = from; i < to; i++) {
		struct vhost_ring *r = atomic_exchange(&v->rings[i], NULL);

		if (!r)
			continue;
		atomic_fetch_and(mask_of(v, i), ~(UINT64_C(1) << i / 2));
		gone[n++] = r;
	}
	if (n == 0)
		return;
	port_env.quiesce();
	for (uint16_t i = 0; i < n; i++)
		ring_end(v, vid, gone[i]);
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
	atomic_store(&v->port->tx_caps, vhost_caps(features));
	learn_mtu(v, vid);
	atomic_store(&v->vid, vid);
	publish_all(v, vid);
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
	atomic_store(&v->vid, VHOST_NO_DEVICE);
	withdraw(v, vid, 0, VHOST_RINGS);
	atomic_store(&v->port->guest_mtu, 0);
	port_env.changed();
}

static int on_vring_state(int vid, uint16_t vring, int enable)
{
	struct vhost *v = by_vid(vid);

	if (!v || vring >= VHOST_RINGS)
		return 0;
	v->enabled[vring] = enable;
	if (!enable) {
		withdraw(v, vid, vring, vring + 1);
	} else if (atomic_load(&v->vid) == vid) {
		publish(v, vid, vring);
		port_env.changed();
	}
	return 0;
}

/* Does the request change something that ring objects stand on? */
static bool touches_rings(uint32_t request)
{
	switch (request) {
	case SET_FEATURES:
	case RESET_OWNER:
	case SET_MEM_TABLE:
	case SET_LOG_BASE:
	case SET_VRING_NUM:
	case SET_VRING_ADDR:
	case SET_VRING_BASE:
	case GET_VRING_BASE:
	case SET_VRING_KICK:
	case SET_VRING_CALL:
		return true;
	default:
		return false;
	}
}

static void announce(struct vhost *v, const struct message *m)
{
	uint64_t mac = 0;

	if (m->size < 6)
		return;
	memcpy(&mac, m->payload, 6);
	atomic_store(&v->rarp, mac | VHOST_ANNOUNCE);
}

static enum rte_vhost_msg_result before(int vid, void *msg)
{
	const struct message *m = msg;
	struct vhost *v = by_vid(vid);

	/* Not offered (vhost_features.c). rte_vhost would carry it out all the same, and believe
	 * the monitor's sizes. */
	if (m->request == GET_INFLIGHT_FD || m->request == SET_INFLIGHT_FD)
		return RTE_VHOST_MSG_RESULT_ERR;
	if (v && touches_rings(m->request))
		withdraw(v, vid, 0, VHOST_RINGS);
	/* Until the new one is there: rte_vhost frees the old one first. */
	if (v && m->request == SET_MEM_TABLE)
		v->has_memory = false;
	if (v && m->request == SEND_RARP)
		announce(v, m);
	return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

/* Not called when the request failed: then the monitor is disconnected, or told, and whatever it
 * sends to mend that comes by here. */
static enum rte_vhost_msg_result after(int vid, void *msg)
{
	const struct message *m = msg;
	struct vhost *v = by_vid(vid);

	if (v && m->request == SET_MEM_TABLE)
		v->has_memory = true;
	if (v && touches_rings(m->request) && atomic_load(&v->vid) == vid)
		publish_all(v, vid);
	return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

static const struct rte_vhost_user_extern_ops extern_ops = {
	.pre_msg_handle = before,
	.post_msg_handle = after,
};

static int on_connection(int vid)
{
	struct vhost *v = by_vid(vid);

	if (!v)
		return -1;
	memset(v->enabled, 0, sizeof(v->enabled));
	v->has_memory = false;
	return rte_vhost_extern_callback_register(vid, &extern_ops, NULL);
}

static const struct rte_vhost_device_ops device_ops = {
	.new_device = on_new_device,
	.destroy_device = on_destroy_device,
	.vring_state_changed = on_vring_state,
	.new_connection = on_connection,
};

static int serve(struct vhost *v, const json_t *conf, struct err *e)
{
	if (rte_vhost_driver_register(v->path, v->server ? 0 : RTE_VHOST_USER_CLIENT) != 0)
		return err_set(e, -EADDRINUSE,
			       "socket: '%s' is used by another port, or is no place for a socket",
			       v->path);
	v->used = true;
	if (rte_vhost_driver_disable_features(v->path, vhost_withheld(conf)) != 0 ||
	    rte_vhost_driver_set_protocol_features(v->path, vhost_protocol_features()) != 0 ||
	    rte_vhost_driver_callback_register(v->path, &device_ops) != 0)
		return err_set(e, -EINVAL, "socket: rte_vhost refuses the port's features");
	if (rte_vhost_driver_start(v->path) != 0)
		return err_set(e, -EIO, "socket: cannot %s '%s'; see flued's log",
			       v->server ? "listen on" : "connect to", v->path);
	return 0;
}

static void leave_list(struct vhost *v)
{
	pthread_mutex_lock(&ports_lock);
	LIST_REMOVE(v, link);
	pthread_mutex_unlock(&ports_lock);
}

int vhost_conn_open(struct vhost *v, const json_t *conf, struct err *e)
{
	int ret;

	pthread_mutex_lock(&ports_lock);
	LIST_INSERT_HEAD(&ports, v, link);
	pthread_mutex_unlock(&ports_lock);
	ret = serve(v, conf, e);
	if (ret == 0)
		return 0;
	if (v->used)
		rte_vhost_driver_unregister(v->path);
	leave_list(v);
	return ret;
}

void vhost_conn_close(struct vhost *v)
{
	/* on_destroy_device() runs before this returns. */
	rte_vhost_driver_unregister(v->path);
	leave_list(v);
}
