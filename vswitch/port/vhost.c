/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port to a guest, over vhost-user. vhost_port.h says which file does what.
 *
 * A guest may have more queue pairs than the port has queues: queue q of the port serves the
 * guest's pairs q, q + n, q + 2n, ... so that whatever the guest enables is served.
 */
#include "vswitch/port/sockpath.h"
#include "vswitch/port/vhost_port.h"

#include "base/log.h"

#include <poll.h>
#include <rte_arp.h>
#include <rte_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	atomic_store(&v->vid, VHOST_NO_DEVICE);
	for (unsigned int i = 0; i < VHOST_PAIRS; i++)
		v->share[i % queues] |= UINT64_C(1) << i;
	p->n_rxq = p->n_txq = queues;
	p->priv = v;
	/* A socket that an earlier flued left behind is in nobody's way. */
	ret = v->server ? sockpath_clear(v->path, e) : 0;
	if (ret == 0)
		ret = vhost_conn_open(v, conf, e);
	if (ret != 0)
		free(v);
	return ret;
}

static void vhost_destroy(struct port *p, bool keep)
{
	struct vhost *v = p->priv;

	vhost_conn_close(v);
	if (v->server)
		unlink(v->path);
	free(v);
}

static struct vhost_ring *ring_at(struct vhost *v, unsigned int i)
{
	return atomic_load_explicit(&v->rings[i], memory_order_acquire);
}

static uint64_t tx_pairs_of(struct vhost *v, uint16_t q)
{
	return atomic_load_explicit(&v->tx_pairs, memory_order_relaxed) & v->share[q];
}

/* A guest that arrived here by a migration is announced, so that switches learn where it is now:
 * RFC 903, as QEMU does for guests that cannot do so themselves (VHOST_USER_SEND_RARP). */
static uint16_t announce(struct vhost *v, struct pkt_worker *w, struct rte_mbuf **pkts)
{
	uint64_t wish = atomic_exchange(&v->rarp, 0);
	struct rte_ether_addr mac;

	if (!(wish & VHOST_ANNOUNCE))
		return 0;
	memcpy(&mac, &wish, sizeof(mac));
	pkts[0] = rte_net_make_rarp_packet(w->data_pool, &mac);
	return pkts[0] ? 1 : 0;
}

static uint16_t vhost_rx(struct port *p, struct pkt_worker *w, uint16_t q, struct rte_mbuf **pkts,
			 uint16_t n)
{
	struct vhost *v = p->priv;
	uint64_t pending = tx_pairs_of(v, q);
	uint16_t got = 0;

	if (pending == 0)
		return 0;
	if (unlikely(atomic_load_explicit(&v->rarp, memory_order_relaxed)))
		got = announce(v, w, pkts);
	/* Start where the last call ended, so that no pair waits behind a busy one. */
	if (pending & (pending - 1)) {
		uint64_t later = pending & ~((UINT64_C(2) << v->turn[q]) - 1);

		pending = later ? later : pending;
	}
	for (; pending && got < n; pending &= pending - 1) {
		unsigned int pair = (unsigned int)__builtin_ctzll(pending);
		struct vhost_ring *r = ring_at(v, pair * 2 + 1);

		if (likely(r != NULL))
			got += vhost_ring_rx(r, w, p->id, pkts + got, n - got);
		v->turn[q] = (uint8_t)(pair & 63);
	}
	return got;
}

static void vhost_rx_done(struct port *p, uint16_t q)
{
	struct vhost *v = p->priv;

	for (uint64_t pairs = tx_pairs_of(v, q); pairs; pairs &= pairs - 1) {
		struct vhost_ring *r = ring_at(v, (unsigned int)__builtin_ctzll(pairs) * 2 + 1);

		if (likely(r != NULL))
			vhost_ring_done(r);
	}
}

/* The guest's receive ring this queue sends to. */
static struct vhost_ring *ring_of(struct vhost *v, uint16_t q)
{
	uint64_t pairs = atomic_load_explicit(&v->rx_pairs, memory_order_relaxed);

	if (likely(pairs == 1))
		return ring_at(v, 0);
	if (pairs == 0)
		return NULL;
	for (int skip = q % __builtin_popcountll(pairs); skip > 0; skip--)
		pairs &= pairs - 1;
	return ring_at(v, (unsigned int)__builtin_ctzll(pairs) * 2);
}

static void vhost_tx_ahead(struct port *p, struct pkt_worker *w, uint16_t q,
			   struct rte_mbuf *const *pkts, uint16_t n)
{
	struct vhost_ring *r = ring_of(p->priv, q);

	if (likely(r != NULL))
		vhost_ring_tx_ahead(r, pkts, n);
}

static uint16_t vhost_tx(struct port *p, struct pkt_worker *w, uint16_t q, struct rte_mbuf **pkts,
			 uint16_t n, enum pkt_drop *why)
{
	struct vhost_ring *r = ring_of(p->priv, q);
	uint16_t sent;

	if (unlikely(!r)) {
		*why = PKT_DROP_NOT_UP;
		return 0;
	}
	sent = vhost_ring_tx(r, pkts, n, why);
	/* The guest has its own copy by now. */
	rte_pktmbuf_free_bulk(pkts, sent);
	return sent;
}

static int vhost_sleep(struct port *p, uint16_t q, int *fds, int max)
{
	struct vhost *v = p->priv;
	int n = 0;

	/* Main wakes the workers when a ring comes. */
	for (uint64_t pairs = tx_pairs_of(v, q); pairs; pairs &= pairs - 1) {
		struct vhost_ring *r = ring_at(v, (unsigned int)__builtin_ctzll(pairs) * 2 + 1);

		if (!r || atomic_load_explicit(&r->fault, memory_order_relaxed))
			continue;
		if (r->kickfd < 0 || n == max)
			return -1;
		vhost_ring_kicks(r, true);
		fds[n++] = r->kickfd;
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

	for (uint64_t pairs = tx_pairs_of(v, q); pairs; pairs &= pairs - 1) {
		struct vhost_ring *r = ring_at(v, (unsigned int)__builtin_ctzll(pairs) * 2 + 1);

		if (!r)
			continue;
		vhost_ring_kicks(r, false);
		if (r->kickfd >= 0)
			drain(r->kickfd);
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

/* What stopped ring i; NULL: nothing. */
static const char *fault_of(struct vhost *v, unsigned int i)
{
	return vhost_fault_text(atomic_load_explicit(&v->faults[i], memory_order_relaxed));
}

static void vhost_changed(struct port *p)
{
	struct vhost *v = p->priv;

	for (unsigned int i = 0; i < VHOST_RINGS; i++) {
		const char *why = fault_of(v, i);

		if (why && !v->said[i])
			log_err("port %s: ring %u of the guest is stopped: %s; it is served again "
				"when the guest resets its device",
				p->name, i, why);
		v->said[i] = why != NULL;
	}
}

static void vhost_show(struct port *p, json_t *out)
{
	struct vhost *v = p->priv;
	uint16_t mtu = atomic_load(&p->guest_mtu);

	if (atomic_load(&v->vid) == VHOST_NO_DEVICE)
		return;
	json_object_set_new(out, "queues_enabled",
			    json_integer(__builtin_popcountll(atomic_load(&v->tx_pairs))));
	if (mtu)
		json_object_set_new(out, "guest_mtu", json_integer(mtu));
	for (unsigned int i = 0; i < VHOST_RINGS; i++) {
		const char *why = fault_of(v, i);

		if (!why)
			continue;
		json_object_set_new(out, "fault",
				    json_pack("{s:i,s:s}", "ring", (int)i, "why", why));
		return;
	}
}

const struct port_ops port_vhost_ops = {
	.kind = "vhost",
	.create = vhost_create,
	.destroy = vhost_destroy,
	.rx_burst = vhost_rx,
	.rx_done = vhost_rx_done,
	.tx_ahead = vhost_tx_ahead,
	.tx_burst = vhost_tx,
	.takes_tails = true,
	.sleep = vhost_sleep,
	.wake = vhost_wake,
	.set_mtu = vhost_set_mtu,
	.mtu = vhost_mtu,
	.changed = vhost_changed,
	.show = vhost_show,
};
