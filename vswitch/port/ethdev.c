/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port on any DPDK device: a NIC or a VF bound to vfio-pci ("0000:01:00.0"), or a virtual device
 * ("net_af_xdp0,iface=eth0", "net_memif0,...", "net_virtio_user0,...", "net_pcap0,...").
 */
#include "vswitch/port/ethdev_filter.h"
#include "vswitch/port/ethdev_gro.h"
#include "vswitch/port/ethdev_mtu.h"
#include "vswitch/port/hostif.h"
#include "vswitch/port/intrthread.h"
#include "vswitch/port/port.h"

#include "base/log.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_spinlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RX_DESCRIPTORS = 1024, TX_DESCRIPTORS = 1024 };

struct ethdev {
	uint16_t dev; /* DPDK's port number */
	bool probed;  /* by us, so it is ours to remove */
	bool has_mtu; /* the device has one of its own, that can be set */
	bool prepare; /* packets with offload requests go through rte_eth_tx_prepare() */
	rte_spinlock_t *tx_locks; /* one a queue, where workers must share; else NULL */
	struct ethdev_filter filter;
	struct ethdev_gro gro;
};

/* The device's name: what stands before the first comma. */
static void device_name(const char *device, char *name, size_t size)
{
	snprintf(name, size, "%.*s", (int)strcspn(device, ","), device);
}

static int probe(struct ethdev *d, const char *device, struct err *e)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int ret;

	device_name(device, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &d->dev) == 0)
		return err_set(e, -EEXIST, "device: '%s' is in use by another port", name);
	ret = rte_dev_probe(device);
	if (ret != 0)
		return err_set(e, ret,
			       "device: DPDK cannot open '%s': %s; see flued's log, and "
			       "'dpdk-devbind.py --status' for PCI devices",
			       device, rte_strerror(-ret));
	d->probed = true;
	if (rte_eth_dev_get_port_by_name(name, &d->dev) != 0)
		return err_set(e, -ENODEV, "device: '%s' is not an Ethernet device", name);
	return 0;
}

/* What the device can do and the configuration wants, as DPDK's transmit offloads. */
static uint64_t tx_offloads(const struct rte_eth_dev_info *info, const json_t *conf)
{
	uint64_t want = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	const uint64_t csum = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
			      RTE_ETH_TX_OFFLOAD_UDP_CKSUM;

	if (json_get_bool(conf, "csum", true) && (info->tx_offload_capa & csum) == csum)
		want |= csum;
	if (json_get_bool(conf, "tso", true) && (want & csum))
		want |= RTE_ETH_TX_OFFLOAD_TCP_TSO;
	return want & info->tx_offload_capa;
}

/* The device's word on checksums spares reading each byte where frames are merged. Not asked for of
 * net_tap, which would read them itself, nor of virtio, where it invites frames whose checksums are
 * still open. */
static uint64_t rx_offloads(const struct rte_eth_dev_info *info)
{
	const uint64_t csum = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	uint64_t want = RTE_ETH_RX_OFFLOAD_SCATTER;

	if ((info->rx_offload_capa & csum) == csum && strcmp(info->driver_name, "net_tap") != 0 &&
	    strstr(info->driver_name, "virtio") == NULL)
		want |= csum;
	return want & info->rx_offload_capa;
}

static uint32_t caps_of(uint64_t offloads)
{
	uint32_t caps = 0;

	if (offloads & RTE_ETH_TX_OFFLOAD_TCP_CKSUM)
		caps |= PORT_CAP_CSUM;
	if (offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO)
		caps |= PORT_CAP_TSO4 | PORT_CAP_TSO6 | PORT_CAP_ECN;
	return caps;
}

static int start(struct port *p, struct ethdev *d, const json_t *conf, struct err *e)
{
	uint16_t rxq = (uint16_t)json_get_int(conf, "queues", 1), txq = port_env.n_workers;
	uint16_t rxd = RX_DESCRIPTORS, txd = TX_DESCRIPTORS;
	struct rte_eth_dev_info info;
	struct rte_eth_conf ec = {0};
	int ret = rte_eth_dev_info_get(d->dev, &info), socket;

	if (ret != 0)
		return err_set(e, ret, "device: it does not say what it is: %s",
			       rte_strerror(-ret));
	if (rxq > info.max_rx_queues)
		return err_set(e, -EINVAL, "queues: the device has %u", info.max_rx_queues);
	txq = RTE_MIN(txq, info.max_tx_queues);
	if (rxq > 1) {
		ec.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		ec.rx_adv_conf.rss_conf.rss_hf =
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) &
			info.flow_type_rss_offloads;
	}
	ec.rxmode.offloads = rx_offloads(&info);
	ec.txmode.offloads = tx_offloads(&info, conf);
	ret = rte_eth_dev_configure(d->dev, rxq, txq, &ec);
	if (ret != 0)
		return err_set(e, ret, "device: it refuses %u+%u queues: %s", rxq, txq,
			       rte_strerror(-ret));
	ret = ethdev_mtu_set(d->dev, p->mtu, &d->has_mtu, e);
	if (ret != 0)
		return ret;
	rte_eth_dev_adjust_nb_rx_tx_desc(d->dev, &rxd, &txd);
	socket = rte_eth_dev_socket_id(d->dev);
	for (uint16_t i = 0; i < rxq; i++) {
		ret = rte_eth_rx_queue_setup(d->dev, i, rxd, socket, NULL, port_env.data_pool);
		if (ret != 0)
			return err_set(e, ret, "device: cannot set up receive queue %u: %s", i,
				       rte_strerror(-ret));
	}
	for (uint16_t i = 0; i < txq; i++) {
		ret = rte_eth_tx_queue_setup(d->dev, i, txd, socket, NULL);
		if (ret != 0)
			return err_set(e, ret, "device: cannot set up transmit queue %u: %s", i,
				       rte_strerror(-ret));
	}
	ret = rte_eth_dev_start(d->dev);
	if (ret != 0)
		return err_set(e, ret, "device: it does not start: %s", rte_strerror(-ret));
	ret = rte_eth_promiscuous_enable(d->dev);
	if (ret != 0 && ret != -ENOTSUP)
		log_warn(
			"port %s: no promiscuous mode (%s): frames for hosts behind the switch may "
			"not reach it",
			p->name, rte_strerror(-ret));
	p->wire = true;
	p->n_rxq = rxq;
	p->n_txq = txq;
	d->prepare = caps_of(ec.txmode.offloads) != 0;
	atomic_store(&p->tx_caps, caps_of(ec.txmode.offloads));
	return 0;
}

/* What close_device() asks the interrupt thread to do, and what came of it. */
struct closing {
	uint16_t dev;
	struct rte_device *device; /* NULL: the driver does not say */
	int ret;
};

static void close_now(void *arg)
{
	struct closing *c = arg;

	rte_eth_dev_stop(c->dev);
	rte_eth_dev_close(c->dev);
	c->ret = c->device ? rte_dev_remove(c->device) : -ENODEV;
}

/* net_memif disconnects on DPDK's interrupt thread when its far side goes, and takes no lock there
 * against its own closing: two ends in one process that are closed one behind the other would free
 * the same memory on two threads. So it is closed where its handlers run. */
static int close_device(uint16_t dev)
{
	struct closing c = {.dev = dev};
	struct rte_eth_dev_info info;
	bool memif = false;

	if (rte_eth_dev_info_get(dev, &info) == 0) {
		c.device = info.device;
		memif = strcmp(info.driver_name, "net_memif") == 0;
	}
	if (memif)
		intrthread_run(close_now, &c);
	else
		close_now(&c);
	return c.ret;
}

static void remove_device(struct ethdev *d, const char *device)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	device_name(device, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &d->dev) != 0)
		return;
	if (close_device(d->dev) != 0)
		log_warn("device %s does not go away cleanly", name);
}

static int create_on(struct port *p, const char *device, const json_t *conf, struct err *e)
{
	struct ethdev *d = calloc(1, sizeof(*d));
	unsigned int beneath = 0;
	uint32_t was;
	int ret;

	if (!d)
		return err_set(e, -ENOMEM, "out of memory");
	ret = probe(d, device, e);
	if (ret == 0) {
		beneath = ethdev_mtu_beneath(d->dev, &was);
		ethdev_gro_off(&d->gro, p->name, d->dev);
		ret = start(p, d, conf, e);
	}
	if (ret != 0)
		goto remove_device;
	if (p->n_txq < port_env.n_workers) {
		d->tx_locks = calloc(p->n_txq, sizeof(*d->tx_locks));
		if (!d->tx_locks) {
			ret = err_set(e, -ENOMEM, "out of memory");
			goto remove_device;
		}
	}
	p->priv = d;
	p->inside = ethdev_filter_useful(d->dev);
	atomic_store(&p->up, true);
	return 0;

remove_device:
	ethdev_gro_back(&d->gro);
	if (d->probed)
		remove_device(d, device);
	/* The interface beneath stays, and may be another port's. */
	if (beneath)
		hostif_set_mtu_of(beneath, was);
	free(d);
	return ret;
}

static int ethdev_create(struct port *p, const json_t *conf, struct err *e)
{
	return create_on(p, json_get_str(conf, "device", ""), conf, e);
}

int port_vhost_net_create(struct port *p, const json_t *conf, struct err *e)
{
	char device[256];

	if (json_object_get(conf, "netns") || json_object_get(conf, "address") ||
	    json_get_bool(conf, "persist", false))
		return err_set(
			e, -EINVAL,
			"backend: vhost-net has no netns, address or persist; use backend tap");
	if (access("/dev/vhost-net", R_OK | W_OK) != 0)
		return err_set(
			e, -errno,
			"backend: cannot open /dev/vhost-net: %s; 'modprobe vhost_net', or use "
			"backend tap",
			strerror(errno));
	snprintf(device, sizeof(device),
		 "net_virtio_user_%s,path=/dev/vhost-net,iface=%s,queues=%d,queue_size=1024",
		 p->name, json_get_str(conf, "ifname", p->name),
		 (int)json_get_int(conf, "queues", 1));
	p->ops = &port_ethdev_ops;
	return create_on(p, device, conf, e);
}

static void ethdev_inside(struct port *p, const uint8_t (*mac)[6], unsigned int n)
{
	struct ethdev *d = p->priv;

	ethdev_filter_set(&d->filter, p->name, d->dev, mac, n);
}

static void ethdev_destroy(struct port *p, bool keep)
{
	struct ethdev *d = p->priv;

	ethdev_filter_set(&d->filter, p->name, d->dev, NULL, 0);
	ethdev_gro_back(&d->gro);
	if (close_device(d->dev) != 0)
		log_warn("port %s: its device does not go away cleanly", p->name);
	free(d->tx_locks);
	free(d);
}

static uint16_t ethdev_rx(struct port *p, struct pkt_worker *w, uint16_t q, struct rte_mbuf **pkts,
			  uint16_t n)
{
	const struct ethdev *d = p->priv;

	return rte_eth_rx_burst(d->dev, q, pkts, RTE_MIN(n, (uint16_t)32));
}

static bool borrowed(const struct rte_mbuf *m)
{
	for (; m; m = m->next)
		if (m->ol_flags & RTE_MBUF_F_EXTERNAL)
			return true;
	return false;
}

/* The device is done with a packet some time later, and reaches only DPDK's memory: what lies in a
 * buffer of another port's gets a copy. Returns how many of the packets are fit to be sent. */
static uint16_t settle(struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *copy;

		if (likely(!borrowed(pkts[i])))
			continue;
		copy = rte_pktmbuf_copy(pkts[i], port_env.data_pool, 0, UINT32_MAX);
		if (unlikely(!copy))
			return i;
		rte_pktmbuf_free(pkts[i]);
		pkts[i] = copy;
	}
	return n;
}

static uint16_t transmit(const struct ethdev *d, uint16_t q, struct rte_mbuf **pkts, uint16_t n,
			 enum pkt_drop *why)
{
	uint16_t settled = settle(pkts, n);
	uint16_t good = d->prepare ? rte_eth_tx_prepare(d->dev, q, pkts, settled) : settled;
	uint16_t sent = rte_eth_tx_burst(d->dev, q, pkts, good);

	if (sent < good)
		*why = PKT_DROP_TX_FULL;
	else
		*why = good < settled ? PKT_DROP_TX_REFUSED : PKT_DROP_NO_MBUF;
	return sent;
}

static uint16_t ethdev_tx(struct port *p, struct pkt_worker *w, uint16_t q, struct rte_mbuf **pkts,
			  uint16_t n, enum pkt_drop *why)
{
	const struct ethdev *d = p->priv;
	uint16_t sent;

	if (!d->tx_locks)
		return transmit(d, q, pkts, n, why);
	rte_spinlock_lock(&d->tx_locks[q]);
	sent = transmit(d, q, pkts, n, why);
	rte_spinlock_unlock(&d->tx_locks[q]);
	return sent;
}

/* Poll-mode drivers do not wake anyone. */
static int ethdev_sleep(struct port *p, uint16_t q, int *fds, int max)
{
	return -1;
}

static void ethdev_wake(struct port *p, uint16_t q)
{
}

static int ethdev_set_mtu(struct port *p, uint16_t mtu, struct err *e)
{
	struct ethdev *d = p->priv;

	return ethdev_mtu_set(d->dev, mtu, &d->has_mtu, e);
}

static void ethdev_mtu(struct port *p, struct port_mtu *out)
{
	const struct ethdev *d = p->priv;

	ethdev_mtu_read(d->dev, d->has_mtu, out);
}

static void ethdev_show(struct port *p, json_t *out)
{
	const struct ethdev *d = p->priv;
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	char text[RTE_ETHER_ADDR_FMT_SIZE];

	if (rte_eth_dev_info_get(d->dev, &info) == 0)
		json_object_set_new(out, "driver", json_string(info.driver_name));
	if (rte_eth_macaddr_get(d->dev, &mac) == 0) {
		rte_ether_format_addr(text, sizeof(text), &mac);
		json_object_set_new(out, "device_mac", json_string(text));
	}
}

const struct port_ops port_ethdev_ops = {
	.kind = "ethdev",
	.create = ethdev_create,
	.destroy = ethdev_destroy,
	.rx_burst = ethdev_rx,
	.tx_burst = ethdev_tx,
	.sleep = ethdev_sleep,
	.wake = ethdev_wake,
	.set_mtu = ethdev_set_mtu,
	.mtu = ethdev_mtu,
	.inside = ethdev_inside,
	.show = ethdev_show,
};
