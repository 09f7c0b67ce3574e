/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pair/guest.h"

#include "packet/pool.h"

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CACHE = 64,
	SPARE = 256, /* buffers beyond those in rings: bursts and caches */
	FRAME_ROOM = 10240,
	TX_ROOM = RTE_PKTMBUF_HEADROOM + FRAME_ROOM,
	INDIRECT = 7, /* segments in such a table at most */
	LARGE_ROOM = UINT16_MAX - RTE_PKTMBUF_HEADROOM,
	SPARE_MB = 48, /* rings, devices, DPDK itself */
	MTU = 9600,
	RX_CHAIN = 2, /* receive buffers for each that lies in the ring */
};

static int parse_one(const char *key, const char *value, struct guest_options *opt, struct err *e)
{
	static const char *const driver[] = {"mrg_rxbuf", "in_order", "packed_vq", "vectorized",
					     "server"};
	const struct {
		const char *key;
		uint16_t *to;
	} ours[] = {{"queues", &opt->queues}, {"queue_size", &opt->ring}, {"room", &opt->room}};
	size_t len = strlen(opt->device);
	int number = atoi(value);

	for (size_t i = 0; i < RTE_DIM(ours); i++)
		if (strcmp(key, ours[i].key) == 0) {
			*ours[i].to = (uint16_t)number;
			return 0;
		}
	if (strcmp(key, "path") == 0) {
		snprintf(opt->path, sizeof(opt->path), "%s", value);
		return 0;
	}
	if (strcmp(key, "offload") == 0) {
		opt->offload = (enum guest_offload)number;
		return 0;
	}
	if (strcmp(key, "mrg_rxbuf") == 0)
		opt->mergeable = number;
	if (strcmp(key, "packed_vq") == 0)
		opt->packed = number;
	if (strcmp(key, "vectorized") == 0)
		opt->vectorized = number;
	for (size_t i = 0; i < RTE_DIM(driver); i++)
		if (strcmp(key, driver[i]) == 0) {
			snprintf(opt->device + len, sizeof(opt->device) - len, ",%s=%d", key,
				 number);
			return 0;
		}
	return err_set(e, -EINVAL, "a guest has no option '%s'", key);
}

int guest_parse(const char *text, struct guest_options *opt, struct err *e)
{
	char copy[512], *rest = copy, *word;
	int ret = 0;

	*opt = (struct guest_options){.queues = 1, .ring = 256, .mergeable = true};
	snprintf(copy, sizeof(copy), "%s", text);
	while (ret == 0 && (word = strsep(&rest, ",")) != NULL) {
		char *value = strchr(word, '=');

		if (!value)
			return err_set(e, -EINVAL, "'%s' is not KEY=VALUE", word);
		*value++ = '\0';
		ret = parse_one(word, value, opt, e);
	}
	if (ret == 0 && (opt->path[0] == '\0' || opt->queues == 0 || opt->ring == 0))
		ret = err_set(e, -EINVAL, "a guest needs path=, queues and queue_size above 0");
	/* Without mergeable buffers, the largest frame must fit in one. */
	if (opt->room == 0)
		opt->room = opt->mergeable		  ? 2048
			    : opt->offload == OFFLOAD_TSO ? LARGE_ROOM
							  : FRAME_ROOM;
	return ret;
}

static uint32_t tx_buffers(const struct guest_options *opt)
{
	/* The driver takes sent buffers back when it needs their descriptors, and not before. One
	 * descriptor may stand for an indirect table. */
	return opt->queues * opt->ring * INDIRECT + SPARE;
}

static uint32_t rx_buffers(const struct guest_options *opt)
{
	return opt->queues * opt->ring * RX_CHAIN + SPARE;
}

int guests_start(const struct guest_options *opt, unsigned int n, struct err *e)
{
	static char name[32], mb_text[16];
	char *argv[16] = {"vhost-pair",
			  "--no-pci",
			  "--no-telemetry",
			  "--no-huge",
			  "--no-shconf",
			  "--iova-mode=va",
			  "--log-level=lib.*:warning",
			  "--log-level=pmd.net.virtio.init:info",
			  "--file-prefix",
			  name,
			  "--lcores",
			  "0@0",
			  "-m",
			  mb_text};
	int argc = 14;
	unsigned long bytes = 0;

	for (unsigned int i = 0; i < n; i++) {
		bytes += tx_buffers(&opt[i]) * (sizeof(struct rte_mbuf) + 64 + TX_ROOM);
		bytes += rx_buffers(&opt[i]) *
			 (sizeof(struct rte_mbuf) + 64 + RTE_PKTMBUF_HEADROOM + opt[i].room);
	}
	snprintf(mb_text, sizeof(mb_text), "%lu", bytes / (1024 * 1024) + SPARE_MB);
	snprintf(name, sizeof(name), "pair-%d", getpid());
	/* A packed ring's vectors are of 512 bits; DPDK takes them only when it is told to. */
	for (unsigned int i = 0; i < n; i++)
		if (opt[i].packed && opt[i].vectorized && argc == 14)
			argv[argc++] = "--force-max-simd-bitwidth=512";
	if (rte_eal_init(argc, argv) < 0)
		return err_set(e, -EIO, "DPDK does not start: %s", rte_strerror(rte_errno));
	return 0;
}

static int set_up(const struct guest *g)
{
	struct rte_eth_conf conf = {
		.rxmode = {.mtu = MTU},
		/* The link's state is how a server learns that its switch came back. */
		.intr_conf = {.lsc = 1},
	};
	int ret;

	conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (g->opt.mergeable)
		conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
	if (g->opt.offload >= OFFLOAD_CSUM) {
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	}
	if (g->opt.offload == OFFLOAD_TSO) {
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TCP_LRO;
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_TSO;
	}
	ret = rte_eth_dev_configure(g->port, g->opt.queues, g->opt.queues, &conf);
	for (uint16_t q = 0; ret == 0 && q < g->opt.queues; q++) {
		ret = rte_eth_rx_queue_setup(g->port, q, g->opt.ring, SOCKET_ID_ANY, NULL, g->rx);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(g->port, q, g->opt.ring, SOCKET_ID_ANY, NULL);
	}
	return ret == 0 ? rte_eth_dev_start(g->port) : ret;
}

int guest_open(struct guest *g, const struct guest_options *opt, unsigned int number, struct err *e)
{
	char name[32], args[sizeof(opt->path) + sizeof(opt->device) + 96];
	int ret;

	*g = (struct guest){.opt = *opt, .mac = {2, 0, 0, 0, 0xaa, (uint8_t)(number + 1)}};
	snprintf(name, sizeof(name), "tx%u", number);
	g->tx = pkt_pool(name, tx_buffers(opt), CACHE, TX_ROOM);
	snprintf(name, sizeof(name), "rx%u", number);
	g->rx = pkt_pool(name, rx_buffers(opt), CACHE, RTE_PKTMBUF_HEADROOM + opt->room);
	if (!g->tx || !g->rx)
		return err_set(e, -ENOMEM, "no memory for the buffers of guest %u", number);
	snprintf(name, sizeof(name), "net_virtio_user%u", number);
	snprintf(args, sizeof(args), "path=%s,queues=%u,queue_size=%u,mac=02:00:00:00:aa:%02x%s",
		 opt->path, opt->queues, opt->ring, number + 1, opt->device);
	ret = rte_eal_hotplug_add("vdev", name, args);
	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(name, &g->port);
	if (ret == 0)
		ret = set_up(g);
	if (ret != 0)
		return err_set(e, ret, "guest %u does not start with '%s': %s", number, args,
			       rte_strerror(-ret));
	return 0;
}

void guest_close(unsigned int number)
{
	char name[32];

	snprintf(name, sizeof(name), "net_virtio_user%u", number);
	rte_eal_hotplug_remove("vdev", name);
}
