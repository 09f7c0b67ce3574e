/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/ports.h"

#include "base/clock.h"
#include "bench/traffic/chain.h"
#include "bench/traffic/frame.h"
#include "packet/pool.h"

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	ARGS_MAX = 24,
	RING = 1024,
	CACHE = 128, /* buffers a thread keeps at hand */
	SPARE = 512, /* buffers beyond those in rings: caches, and a burst each way */
	UNITS = 256, /* descriptors of a transmit ring that are used with 64 KB buffers */
	UNIT_SPARE = 256,
	NET_HEADER = 64, /* virtio's lies in front of a received frame; the driver counts it in */
	ROOM_2K = RTE_PKTMBUF_HEADROOM + CHAIN_BUFFER,
	SPARE_MB = 96, /* rings, devices, DPDK itself */
	/* Sent buffers are taken back when so many of the ring's are not free any more, so that a
	 * few warm ones go round. */
	TX_KEEP = 64,
};

/* The largest frame that is sent, on a ring. */
static uint32_t largest(const struct traffic_spec *spec)
{
	/* 18: Ethernet and a VLAN tag. */
	return spec->tso ? FRAME_MAX : RTE_ALIGN(spec->mtu + 18, 64);
}

static uint32_t tx_room(const struct traffic_spec *spec)
{
	return spec->buffers == TRAFFIC_2K ? ROOM_2K : RTE_PKTMBUF_HEADROOM + largest(spec);
}

/* Where a frame is to fit in one buffer, small frames get buffers of the ordinary size all the
 * same, as a guest's are. */
static uint32_t rx_room(const struct traffic_spec *spec)
{
	return spec->buffers == TRAFFIC_ONE
		       ? RTE_MAX((uint32_t)ROOM_2K, tx_room(spec) + (spec->tso ? 0 : NET_HEADER))
		       : ROOM_2K;
}

/* Receive buffers for units are large: a shorter ring of them holds as much. */
static uint16_t rx_ring(const struct traffic_spec *spec)
{
	return spec->tso && spec->buffers == TRAFFIC_ONE ? UNITS : RING;
}

static uint32_t tx_buffers(const struct traffic_spec *spec, size_t port)
{
	/* The driver takes sent buffers back only when it is given new ones: there must be more
	 * than a ring holds. */
	return spec->ports[port].queues * (spec->tso ? UNITS : RING) +
	       (spec->tso ? UNIT_SPARE : SPARE);
}

static uint32_t rx_buffers(const struct traffic_spec *spec, size_t port)
{
	return spec->ports[port].queues * rx_ring(spec) * 2u + SPARE;
}

/* Buffers that frames go on in. */
static uint32_t tails(const struct traffic_spec *spec, size_t port)
{
	return spec->buffers == TRAFFIC_2K ? tx_buffers(spec, port) * chain_more(largest(spec)) : 0;
}

static unsigned long needed_mb(const struct traffic_spec *spec)
{
	unsigned long bytes = 0, object = sizeof(struct rte_mbuf) + 128;

	for (size_t i = 0; i < spec->n_ports; i++)
		bytes += tx_buffers(spec, i) * (object + tx_room(spec)) +
			 rx_buffers(spec, i) * (object + rx_room(spec)) +
			 tails(spec, i) * (object + ROOM_2K);
	return bytes / (1024 * 1024) + SPARE_MB;
}

/* "0@(0,1),1@0,2@1": main wherever, a worker a processor, no more of them than ports. */
static void lcores(const struct traffic_spec *spec, struct tports *t, char *text, size_t size)
{
	unsigned int cpus[64], n = 0;
	cpu_set_t may;
	size_t len;

	sched_getaffinity(0, sizeof(may), &may);
	for (unsigned int cpu = 0; cpu < 64; cpu++)
		if (CPU_ISSET(cpu, &may) && (!spec->cpus || spec->cpus >> cpu & 1))
			cpus[n++] = cpu;
	/* None of those asked for: where we are is all there is. */
	for (unsigned int cpu = 0; n == 0 && cpu < 64; cpu++)
		if (CPU_ISSET(cpu, &may))
			cpus[n++] = cpu;
	len = (size_t)snprintf(text, size, "0@(");
	for (unsigned int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%u", i ? "," : "", cpus[i]);
	len += (size_t)snprintf(text + len, size - len, ")");
	t->n_workers = RTE_MIN((size_t)n, spec->n_ports);
	for (unsigned int i = 0; i < t->n_workers; i++)
		len += (size_t)snprintf(text + len, size - len, ",%u@%u", i + 1, cpus[i]);
}

static int start_eal(const struct traffic_spec *spec, struct tports *t, struct err *e)
{
	static char lcore_text[1024], mb_text[16], name[96];
	const char *args[ARGS_MAX] = {"flue-bench",	"--lcores",	  lcore_text,
				      "--no-pci",	"--no-telemetry", "--log-level=warning",
				      "--iova-mode=va", "--file-prefix",  name};
	char *argv[ARGS_MAX];
	int argc = 9;

	lcores(spec, t, lcore_text, sizeof(lcore_text));
	snprintf(mb_text, sizeof(mb_text), "%lu", needed_mb(spec));
	snprintf(name, sizeof(name), "%s", spec->name);
	if (spec->huge_pages) {
		/* A switch takes at most 8 descriptors of memory from a guest. */
		args[argc++] = "--in-memory";
		args[argc++] = "--single-file-segments";
	} else {
		args[argc++] = "--no-huge";
		args[argc++] = "--no-shconf";
		args[argc++] = "-m";
		args[argc++] = mb_text;
	}
	/* A packed ring's vectors are of 512 bits, which DPDK takes only when it is told to. */
	if (spec->rings == TRAFFIC_PACKED)
		args[argc++] = "--force-max-simd-bitwidth=512";
	for (int i = 0; i < argc; i++)
		argv[i] = (char *)(uintptr_t)args[i];
	argv[argc] = NULL;
	if (rte_eal_init(argc, argv) < 0)
		return err_set(
			e, rte_errno ? -rte_errno : -EIO,
			"DPDK does not start for the traffic generator: %s; its log says why",
			rte_strerror(rte_errno));
	return 0;
}

static void fill(struct rte_mempool *mp, void *opaque, void *object, unsigned int index)
{
	struct rte_mbuf *m = object;

	frame_pattern_fill(rte_pktmbuf_mtod(m, uint8_t *), 0, rte_pktmbuf_tailroom(m));
}

static struct rte_mempool *pool(const char *name, uint32_t n, uint32_t room, struct err *e)
{
	struct rte_mempool *p = pkt_pool(name, n, CACHE, (uint16_t)room);

	if (!p)
		err_set(e, -ENOMEM,
			"no memory for %u buffers of %u bytes for the traffic generator; "
			"fewer ports or queues need less",
			n, room);
	return p;
}

static int make_tails(const struct traffic_spec *spec, struct tport *p, size_t i, struct err *e)
{
	char name[32];

	snprintf(name, sizeof(name), "tails%zu", i);
	p->tails = pool(name, tails(spec, i), ROOM_2K, e);
	p->chains = true;
	return p->tails ? chain_give(p->tx, p->tails, chain_more(largest(spec)), e) : e->code;
}

int tports_start(const struct traffic_spec *spec, struct tports *t, struct err *e)
{
	int ret;

	*t = (struct tports){.n = spec->n_ports,
			     .tso = spec->tso,
			     .mtu = spec->mtu,
			     .rings = spec->rings,
			     .rx_ring = rx_ring(spec)};
	ret = start_eal(spec, t, e);
	for (size_t i = 0; ret == 0 && i < t->n; i++) {
		struct tport *p = &t->port[i];
		char name[32];

		p->queues = (uint16_t)spec->ports[i].queues;
		snprintf(name, sizeof(name), "tx%zu", i);
		p->tx = pool(name, tx_buffers(spec, i), tx_room(spec), e);
		snprintf(name, sizeof(name), "rx%zu", i);
		p->rx = p->tx ? pool(name, rx_buffers(spec, i), rx_room(spec), e) : NULL;
		if (!p->rx)
			ret = e->code;
		else
			rte_mempool_obj_iter(p->tx, fill, NULL);
		if (ret == 0 && tails(spec, i) > 0)
			ret = make_tails(spec, p, i, e);
	}
	return ret;
}

/* Negotiation happens here: what the device is asked to offload, it asks of the switch. */
static int set_up(const struct tports *t, struct tport *p)
{
	struct rte_eth_conf conf = {
		.rxmode = {.mtu = t->mtu},
		/* The link's state is how a server learns that its switch came back. */
		.intr_conf = {.lsc = 1},
	};
	struct rte_eth_txconf tx = {.tx_free_thresh = RING - TX_KEEP};
	int ret;

	/* In one buffer each, where the guest has no mergeable ones. */
	if (t->rings != TRAFFIC_VECTOR)
		conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
	if (p->chains)
		conf.txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (t->tso) {
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TCP_LRO | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
					RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	}
	ret = rte_eth_dev_configure(p->id, p->queues, p->queues, &conf);
	for (uint16_t q = 0; ret == 0 && q < p->queues; q++) {
		ret = rte_eth_rx_queue_setup(p->id, q, t->rx_ring, SOCKET_ID_ANY, NULL, p->rx);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(p->id, q, t->tso ? UNITS : RING, SOCKET_ID_ANY,
						     &tx);
	}
	return ret == 0 ? rte_eth_dev_start(p->id) : ret;
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static int connect_port(const struct traffic_port *spec, struct tports *t, size_t i,
			uint64_t end_ns, struct err *e)
{
	/* What is not named is the driver's default: split, mergeable buffers, in order. */
	static const char *const forms[] = {
		[TRAFFIC_IN_ORDER] = "",
		[TRAFFIC_VECTOR] = ",mrg_rxbuf=0,in_order=0,vectorized=1",
		[TRAFFIC_PACKED] = ",packed_vq=1",
	};
	/* Its vectors send four units at a time without saying that they are units. */
	bool vectors = t->rings == TRAFFIC_PACKED && !t->tso;
	char name[48], args[256];

	snprintf(name, sizeof(name), "net_virtio_user%zu", i);
	snprintf(args, sizeof(args),
		 "path=%s,server=%d,queues=%u,queue_size=%d,mac=02:%02zx:ff:ff:ff:ff%s%s",
		 spec->socket, spec->server, spec->queues, RING, i, forms[t->rings],
		 vectors ? ",vectorized=1" : "");
	/* Left by a generator that was killed: nobody could listen there. */
	if (spec->server)
		unlink(spec->socket);
	for (;;) {
		if ((spec->server || is_there(spec->socket)) &&
		    rte_eal_hotplug_add("vdev", name, args) == 0)
			break;
		if (clock_now_ns() > end_ns)
			return err_set(e, -ETIMEDOUT, "no switch at %s", spec->socket);
		nap();
	}
	if (rte_eth_dev_get_port_by_name(name, &t->port[i].id) != 0 ||
	    set_up(t, &t->port[i]) != 0) {
		rte_eal_hotplug_remove("vdev", name);
		return err_set(e, -ENOTSUP,
			       "the switch at %s does not offer what is needed (%u queues%s); the "
			       "generator's log says what",
			       spec->socket, spec->queues,
			       t->tso ? ", checksum and TSO offload both ways" : "");
	}
	t->port[i].connected = true;
	return 0;
}

int tports_connect(const struct traffic_spec *spec, struct tports *t, unsigned int timeout_ms,
		   struct err *e)
{
	uint64_t end_ns = clock_now_ns() + timeout_ms * UINT64_C(1000000);
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < t->n; i++)
		if (!t->port[i].connected)
			ret = connect_port(&spec->ports[i], t, i, end_ns, e);
	return ret;
}

static bool is_up(const struct tport *p)
{
	struct rte_eth_link link;

	/* Started with link interrupts, this only reads what the last one found. */
	return rte_eth_link_get_nowait(p->id, &link) == 0 && link.link_status;
}

int tports_wait(const struct traffic_spec *spec, const struct tports *t, unsigned int timeout_ms,
		struct err *e)
{
	uint64_t end_ns = clock_now_ns() + timeout_ms * UINT64_C(1000000);

	for (size_t i = 0; i < t->n; i++)
		while (!is_up(&t->port[i])) {
			if (clock_now_ns() > end_ns)
				return err_set(e, -ETIMEDOUT, "no switch at %s after %u ms",
					       spec->ports[i].socket, timeout_ms);
			nap();
		}
	return 0;
}
