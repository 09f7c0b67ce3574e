/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port to the host's own network stack: a TAP with the virtio-net header (IFF_VNET_HDR). The
 * kernel hands over segments of up to 64 KB with their checksums still open, and takes such from
 * us; one system call moves one unit.
 *
 * Receive reads into one 2 KB mbuf, where a frame of an ordinary MTU and the headers of anything
 * larger go, and from there on into a large buffer that the packet then refers to (unitbuf.h). So
 * memory does not depend on the MTU, and nothing is copied in user space.
 */
#include "vswitch/port/hostif.h"
#include "vswitch/port/port.h"
#include "vswitch/port/tap.h"
#include "vswitch/port/unitbuf.h"
#include "vswitch/port/vnet_hdr.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	HEAD_BYTES = RTE_MBUF_DEFAULT_DATAROOM,
	REST_BYTES = PKT_UNIT_MAX - HEAD_BYTES,
	TX_SEGS =
		128, /* pieces of a packet one call writes: a unit from a guest is in 2 KB pieces */
	/* Bytes one receive call returns at most before what it has is passed on: more would
	 * leave the cache before it is sent. */
	RX_BYTES = 128 * 1024,
};

struct host_queue {
	int fd;
	struct rte_mbuf *head; /* ready for the next packet; NULL: to be allocated */
	struct unitbuf *rest;
} __rte_cache_aligned;

struct host {
	char ifname[IFNAMSIZ];
	struct hostif *conf;
	bool persist;
	uint16_t n;
	struct host_queue queues[];
};

static int configure(struct host *h, struct port *p, const json_t *conf, struct err *e)
{
	const char *mac = json_get_str(conf, "mac", NULL);
	const char *address = json_get_str(conf, "address", NULL);
	int ret;

	h->conf = hostif_open(h->ifname, e);
	if (!h->conf)
		return e->code;
	ret = mac ? hostif_set_mac(h->conf, mac, e) : 0;
	if (ret == 0)
		ret = hostif_set_mtu(h->conf, p->mtu, e);
	if (ret == 0)
		ret = hostif_set_up(h->conf, e);
	if (ret == 0 && address)
		ret = hostif_add_addresses(h->conf, address, e);
	if (ret != 0)
		hostif_close(h->conf);
	else if (netns_id(&p->iface.netns_dev, &p->iface.netns_ino) == 0)
		p->iface.index = hostif_index(h->conf);
	return ret;
}

static void close_queues(struct host *h)
{
	for (uint16_t i = 0; i < h->n; i++) {
		struct host_queue *q = &h->queues[i];

		rte_pktmbuf_free(q->head);
		unitbuf_free(q->rest);
		close(q->fd);
	}
}

static int make(struct port *p, struct host *h, uint16_t queues, const json_t *conf, struct err *e)
{
	bool csum = json_get_bool(conf, "csum", true), tso = json_get_bool(conf, "tso", true);
	int ret;

	while (h->n < queues) {
		struct host_queue *q = &h->queues[h->n];

		q->fd = tap_open(h->ifname, queues > 1, h->persist, e);
		if (q->fd < 0) {
			ret = q->fd;
			goto close_queues;
		}
		q->rest = unitbuf_new(REST_BYTES);
		if (!q->rest) {
			close(q->fd);
			ret = err_set(e, -ENOMEM, "out of memory");
			goto close_queues;
		}
		h->n++;
	}
	atomic_store(&p->tx_caps, tap_set_offloads(h->queues[0].fd, p->name, csum, tso));
	ret = configure(h, p, conf, e);
	if (ret == 0)
		return 0;

close_queues:
	/* What did not come to be does not stay. */
	if (h->persist && h->n > 0)
		ioctl(h->queues[0].fd, TUNSETPERSIST, 0UL);
	close_queues(h);
	return ret;
}

static int host_create(struct port *p, const json_t *conf, struct err *e)
{
	const char *netns = json_get_str(conf, "netns", NULL);
	uint16_t queues = (uint16_t)json_get_int(conf, "queues", 1);
	struct host *h;
	int was = -1, ret;

	if (strcmp(json_get_str(conf, "backend", "tap"), "vhost-net") == 0)
		return port_vhost_net_create(p, conf, e);
	h = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*h) + queues * sizeof(h->queues[0]));
	if (!h)
		return err_set(e, -ENOMEM, "out of memory");
	memset(h, 0, sizeof(*h) + queues * sizeof(h->queues[0]));
	snprintf(h->ifname, sizeof(h->ifname), "%s", json_get_str(conf, "ifname", p->name));
	h->persist = json_get_bool(conf, "persist", false);
	if (netns) {
		was = netns_enter(netns, e);
		if (was < 0) {
			ret = was;
			goto free_host;
		}
	}
	ret = make(p, h, queues, conf, e);
	if (netns)
		netns_leave(was);
	if (ret != 0)
		goto free_host;
	p->priv = h;
	p->n_rxq = p->n_txq = queues;
	atomic_store(&p->up, true);
	return 0;

free_host:
	free(h);
	return ret;
}

static void host_destroy(struct port *p, bool keep)
{
	struct host *h = p->priv;

	if (h->persist && !keep)
		ioctl(h->queues[0].fd, TUNSETPERSIST, 0UL);
	close_queues(h);
	hostif_close(h->conf);
	free(h);
}

/* The packet of `len` bytes that was read into head and rest. NULL: no mbuf; the packet is lost. */
static struct rte_mbuf *take(struct host_queue *q, struct pkt_worker *w, uint32_t len)
{
	struct rte_mbuf *head = q->head, *rest;

	head->data_len = (uint16_t)RTE_MIN(len, (uint32_t)HEAD_BYTES);
	if (len > HEAD_BYTES) {
		rest = rte_pktmbuf_alloc(w->header_pool);
		if (unlikely(!rest))
			return NULL;
		unitbuf_attach(q->rest, rest, (uint16_t)(len - HEAD_BYTES));
		head->next = rest;
		head->nb_segs = 2;
	}
	head->pkt_len = len;
	q->head = NULL;
	return head;
}

/* The namespace went, and the interface with it. Said once. */
static void lost(struct port *p)
{
	if (atomic_exchange(&p->up, false))
		port_env.changed();
}

/* One packet. 1; 0: there is none; -ENOBUFS: no buffers, and it may wait or be lost; -EINVAL: it
 * asks for an offload that does not fit it, and is dropped. */
static int receive_one(struct host_queue *q, struct pkt_worker *w, struct port *p,
		       struct rte_mbuf **pkt)
{
	uint8_t *place = unitbuf_place(q->rest);
	struct virtio_net_hdr hdr;
	struct iovec iov[3];
	ssize_t len;

	if (!q->head)
		q->head = rte_pktmbuf_alloc(w->data_pool);
	if (unlikely(!q->head || !place))
		return -ENOBUFS;
	iov[0] = (struct iovec){&hdr, sizeof(hdr)};
	iov[1] = (struct iovec){rte_pktmbuf_mtod(q->head, void *), HEAD_BYTES};
	iov[2] = (struct iovec){place, REST_BYTES};
	len = readv(q->fd, iov, 3);
	if (len <= (ssize_t)sizeof(hdr)) {
		if (len < 0 && errno == EBADFD)
			lost(p);
		return 0;
	}
	*pkt = take(q, w, (uint32_t)len - sizeof(hdr));
	if (unlikely(!*pkt))
		return -ENOBUFS;
	if ((hdr.flags | hdr.gso_type) && unlikely(vnet_hdr_to_mbuf(&hdr, *pkt) != 0)) {
		(*pkt)->port = p->id;
		pkt_drop(w, *pkt, p->id, PKT_DROP_BAD_OFFLOAD);
		return -EINVAL;
	}
	return 1;
}

static uint16_t host_rx(struct port *p, struct pkt_worker *w, uint16_t qi, struct rte_mbuf **pkts,
			uint16_t n)
{
	struct host *h = p->priv;
	uint32_t bytes = 0;
	uint16_t got = 0;

	while (got < n && bytes < RX_BYTES) {
		int ret = receive_one(&h->queues[qi], w, p, &pkts[got]);

		if (ret == -EINVAL)
			continue;
		if (ret == -ENOBUFS)
			pkt_count(w->counters[p->id].drop[PKT_DROP_NO_MBUF], 1);
		if (ret <= 0)
			break;
		bytes += pkts[got++]->pkt_len;
	}
	return got;
}

/* One packet. 0, or why not. */
static enum pkt_drop send_one(int fd, const struct rte_mbuf *m)
{
	struct iovec iov[TX_SEGS + 1];
	struct virtio_net_hdr hdr;
	int n = 1;

	vnet_hdr_from_mbuf(m, &hdr);
	iov[0] = (struct iovec){&hdr, sizeof(hdr)};
	for (const struct rte_mbuf *s = m; s; s = s->next) {
		if (unlikely(n == RTE_DIM(iov)))
			return PKT_DROP_TX_REFUSED;
		iov[n++] = (struct iovec){rte_pktmbuf_mtod(s, void *), s->data_len};
	}
	if (likely(writev(fd, iov, n) >= 0))
		return PKT_DROP_NONE;
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
		return PKT_DROP_TX_FULL;
	case EIO: /* the interface is down */
	case EBADFD:
		return PKT_DROP_NOT_UP;
	default:
		return PKT_DROP_TX_REFUSED;
	}
}

static uint16_t host_tx(struct port *p, struct pkt_worker *w, uint16_t qi, struct rte_mbuf **pkts,
			uint16_t n, enum pkt_drop *why)
{
	const struct host *h = p->priv;
	uint16_t sent;

	for (sent = 0; sent < n; sent++) {
		*why = send_one(h->queues[qi].fd, pkts[sent]);
		if (unlikely(*why))
			break;
	}
	/* The kernel has its own copy by now. */
	rte_pktmbuf_free_bulk(pkts, sent);
	return sent;
}

static int host_sleep(struct port *p, uint16_t qi, int *fds, int max)
{
	const struct host *h = p->priv;

	if (max < 1)
		return -1;
	/* Of an interface that is gone, poll() would return at once, for ever. */
	if (!atomic_load(&p->up))
		return 0;
	fds[0] = h->queues[qi].fd;
	return 1;
}

static void host_wake(struct port *p, uint16_t qi)
{
}

static int host_set_mtu(struct port *p, uint16_t mtu, struct err *e)
{
	struct host *h = p->priv;

	return hostif_set_mtu(h->conf, mtu, e);
}

static void host_mtu(struct port *p, struct port_mtu *out)
{
	const struct host *h = p->priv;

	/* Of an interface that is gone nothing is known but how it was called. */
	if (hostif_mtu(h->conf, out->ifname, &out->actual) != 0)
		snprintf(out->ifname, sizeof(out->ifname), "%s", h->ifname);
}

static void host_show(struct port *p, json_t *out)
{
	const struct host *h = p->priv;

	json_object_set_new(out, "ifindex", json_integer(hostif_index(h->conf)));
}

const struct port_ops port_host_ops = {
	.kind = "host",
	.create = host_create,
	.destroy = host_destroy,
	.rx_burst = host_rx,
	.tx_burst = host_tx,
	.sleep = host_sleep,
	.wake = host_wake,
	.set_mtu = host_set_mtu,
	.mtu = host_mtu,
	.show = host_show,
};
