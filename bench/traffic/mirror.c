/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `flue-bench __mirror [--client] [--cores LIST] SOCKET SOCKET...`: pairs the guests of the first
 * two sockets, the next two, and so on. Control is rte_vhost's; the rings are moved by
 * mirror_ring.c, on one pinned thread that polls (the highest processor it may use, or the first
 * of --cores).
 *
 * rte_vhost's thread tells when a guest's rings are ready and when they go, or when the guest's
 * memory is mapped anew. Before either, the pair is withdrawn and the worker's next turn awaited.
 */
#include "bench/traffic/traffic.h"

#include "base/log.h"
#include "bench/traffic/mirror_ring.h"

#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_pause.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GUESTS = 8, PAIRS = 8, TURN = 32, SET_MEM_TABLE = 5 };

struct guest {
	const char *path;
	int vid;
	bool known; /* rte_vhost said so: rings are below */
	unsigned int pairs;
	struct rte_vhost_memory *mem;
	struct mirror_ring rx[PAIRS], tx[PAIRS];
	atomic_bool usable;
};

static struct guest guests[GUESTS];
static size_t n_guests;
static atomic_bool stopping;
static _Atomic uint64_t turn;

static struct guest *by_vid(int vid)
{
	char path[256];

	if (rte_vhost_get_ifname(vid, path, sizeof(path)) != 0)
		return NULL;
	for (size_t i = 0; i < n_guests; i++)
		if (strcmp(guests[i].path, path) == 0)
			return &guests[i];
	return NULL;
}

static void withdraw(struct guest *g)
{
	uint64_t now;

	atomic_store(&g->usable, false);
	/* Two turns: the one that may have begun, and a whole one. */
	now = atomic_load(&turn);
	while (atomic_load(&turn) < now + 2 && !atomic_load(&stopping))
		usleep(100);
}

static int fetch_ring(int vid, uint16_t number, const struct rte_vhost_memory *mem,
		      struct mirror_ring *r)
{
	struct rte_vhost_vring v;

	if (rte_vhost_get_vhost_vring(vid, number, &v) != 0 ||
	    rte_vhost_get_vring_base(vid, number, &r->next, &r->used_next) != 0)
		return -1;
	r->desc = v.desc;
	r->avail = v.avail;
	r->used = v.used;
	r->size = v.size;
	r->mem = mem;
	if (!r->desc || !r->avail || !r->used || !r->size || r->size & (r->size - 1))
		return -1;
	/* It polls: nobody need tell it. */
	return rte_vhost_enable_guest_notification(vid, number, 0);
}

static int fetch(struct guest *g)
{
	g->pairs = rte_vhost_get_vring_num(g->vid) / 2u;
	if (g->pairs == 0 || g->pairs > PAIRS)
		return -1;
	free(g->mem);
	g->mem = NULL;
	if (rte_vhost_get_mem_table(g->vid, &g->mem) != 0)
		return -1;
	for (unsigned int i = 0; i < g->pairs; i++)
		if (fetch_ring(g->vid, (uint16_t)(2 * i), g->mem, &g->rx[i]) != 0 ||
		    fetch_ring(g->vid, (uint16_t)(2 * i + 1), g->mem, &g->tx[i]) != 0)
			return -1;
	atomic_store(&g->usable, true);
	return 0;
}

/* A guest's memory is mapped anew while its rings are in use. */
static enum rte_vhost_msg_result before_message(int vid, void *msg)
{
	struct guest *g = by_vid(vid);

	if (g && g->known && *(const uint32_t *)msg == SET_MEM_TABLE)
		withdraw(g);
	return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

static enum rte_vhost_msg_result after_message(int vid, void *msg)
{
	struct guest *g = by_vid(vid);

	if (g && g->known && *(const uint32_t *)msg == SET_MEM_TABLE) {
		/* Where it stood is in the rings' own hands. */
		struct mirror_ring rx[PAIRS], tx[PAIRS];

		memcpy(rx, g->rx, sizeof(rx));
		memcpy(tx, g->tx, sizeof(tx));
		if (fetch(g) != 0)
			return RTE_VHOST_MSG_RESULT_ERR;
		for (unsigned int i = 0; i < g->pairs; i++) {
			g->rx[i].next = rx[i].next;
			g->rx[i].used_next = rx[i].used_next;
			g->tx[i].next = tx[i].next;
			g->tx[i].used_next = tx[i].used_next;
		}
	}
	return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

static const struct rte_vhost_user_extern_ops extern_ops = {
	.pre_msg_handle = before_message,
	.post_msg_handle = after_message,
};

static int on_new_connection(int vid)
{
	return rte_vhost_extern_callback_register(vid, &extern_ops, NULL);
}

static int on_new_device(int vid)
{
	struct guest *g = by_vid(vid);

	if (!g)
		return -1;
	g->vid = vid;
	if (fetch(g) != 0) {
		log_err("%s: the guest's rings cannot be used", g->path);
		return -1;
	}
	g->known = true;
	return 0;
}

static void on_destroy_device(int vid)
{
	struct guest *g = by_vid(vid);

	if (!g || !g->known)
		return;
	withdraw(g);
	g->known = false;
	/* What the guest is told when it asks where the rings stand. */
	for (unsigned int i = 0; i < g->pairs; i++) {
		rte_vhost_set_vring_base(vid, (uint16_t)(2 * i), g->rx[i].next, g->rx[i].used_next);
		rte_vhost_set_vring_base(vid, (uint16_t)(2 * i + 1), g->tx[i].next,
					 g->tx[i].used_next);
	}
}

static const struct rte_vhost_device_ops device_ops = {
	.new_connection = on_new_connection,
	.new_device = on_new_device,
	.destroy_device = on_destroy_device,
};

static int serve(const char *path, bool client)
{
	const uint64_t features =
		UINT64_C(1) << VIRTIO_F_VERSION_1 | UINT64_C(1) << VIRTIO_NET_F_MRG_RXBUF |
		UINT64_C(1) << VIRTIO_F_IN_ORDER | UINT64_C(1) << VIRTIO_RING_F_INDIRECT_DESC |
		UINT64_C(1) << VIRTIO_NET_F_MQ | UINT64_C(1) << VIRTIO_NET_F_CTRL_VQ |
		UINT64_C(1) << VIRTIO_NET_F_CSUM | UINT64_C(1) << VIRTIO_NET_F_GUEST_CSUM |
		UINT64_C(1) << VIRTIO_NET_F_HOST_TSO4 | UINT64_C(1) << VIRTIO_NET_F_HOST_TSO6 |
		UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO4 | UINT64_C(1) << VIRTIO_NET_F_GUEST_TSO6 |
		UINT64_C(1) << VHOST_USER_F_PROTOCOL_FEATURES;

	if (!client)
		unlink(path);
	/* The features replace the library's own, and turn its data plane off. */
	if (rte_vhost_driver_register(path, client ? RTE_VHOST_USER_CLIENT : 0) != 0 ||
	    rte_vhost_driver_set_features(path, features) != 0 ||
	    rte_vhost_driver_callback_register(path, &device_ops) != 0 ||
	    rte_vhost_driver_start(path) != 0)
		return -1;
	return 0;
}

/* Both ways between two guests. */
static void pass(struct guest *a, struct guest *b)
{
	unsigned int n;

	if (!atomic_load_explicit(&a->usable, memory_order_acquire) ||
	    !atomic_load_explicit(&b->usable, memory_order_acquire))
		return;
	n = a->pairs < b->pairs ? a->pairs : b->pairs;
	for (unsigned int i = 0; i < n; i++)
		if (mirror_move(&a->tx[i], &b->rx[i], TURN) < 0 ||
		    mirror_move(&b->tx[i], &a->rx[i], TURN) < 0) {
			atomic_store(&a->usable, false);
			atomic_store(&b->usable, false);
			log_err("%s or %s: a ring breaks the rules; the pair stops", a->path,
				b->path);
			return;
		}
}

static void loop(void)
{
	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		for (size_t i = 0; i + 1 < n_guests; i += 2)
			pass(&guests[i], &guests[i + 1]);
		atomic_fetch_add_explicit(&turn, 1, memory_order_release);
	}
}

static void on_signal(int sig)
{
	atomic_store(&stopping, true);
}

/* The processor that polls. */
static int worker_cpu(const char *cores)
{
	cpu_set_t may;

	if (cores)
		return atoi(cores);
	sched_getaffinity(0, sizeof(may), &may);
	for (int cpu = CPU_SETSIZE - 1; cpu > 0; cpu--)
		if (CPU_ISSET(cpu, &may))
			return cpu;
	return 0;
}

static int start_eal(void)
{
	const char *args[] = {
		"mirror",	 "--lcores",	NULL, "--no-pci", "--no-telemetry",
		"--no-huge",	 "--no-shconf", "-m", "64",	  "--log-level=warning",
		"--iova-mode=va"};
	enum { N = sizeof(args) / sizeof(args[0]) };
	static char lcores[2048];
	char *argv[N + 1];
	size_t len = 3;
	cpu_set_t may;

	sched_getaffinity(0, sizeof(may), &may);
	snprintf(lcores, sizeof(lcores), "0@(");
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE && len < sizeof(lcores) - 16; cpu++)
		if (CPU_ISSET(cpu, &may))
			len += (size_t)snprintf(lcores + len, sizeof(lcores) - len, "%s%u",
						len > 3 ? "," : "", cpu);
	snprintf(lcores + len, sizeof(lcores) - len, ")");
	args[2] = lcores;
	for (int i = 0; i < N; i++)
		argv[i] = (char *)(uintptr_t)args[i];
	argv[N] = NULL;
	return rte_eal_init(N, argv) < 0 ? -1 : 0;
}

int mirror_main(int argc, char **argv)
{
	const char *cores = NULL;
	bool client = false, wrong = false;
	cpu_set_t one;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--client") == 0)
			client = true;
		else if (strcmp(argv[i], "--cores") == 0 && i + 1 < argc)
			cores = argv[++i];
		else if (n_guests < GUESTS)
			guests[n_guests++].path = argv[i];
		else
			wrong = true;
	}
	if (wrong || n_guests < 2 || n_guests % 2) {
		fprintf(stderr, "usage: flue-bench __mirror [--client] [--cores LIST] SOCKET "
				"SOCKET...  (2, 4, 6 or 8 of them)\n");
		return 2;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	CPU_ZERO(&one);
	CPU_SET(worker_cpu(cores), &one);
	if (start_eal() != 0) {
		log_err("DPDK does not start: %s", rte_strerror(rte_errno));
		return 1;
	}
	for (size_t i = 0; i < n_guests; i++)
		if (serve(guests[i].path, client) != 0) {
			log_err("cannot serve %s", guests[i].path);
			return 1;
		}
	/* The library's threads stay where they are; only this one moves. */
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		log_warn("cannot be pinned; figures will be low");
	log_info("ready");
	loop();
	for (size_t i = 0; i < n_guests; i++) {
		rte_vhost_driver_unregister(guests[i].path);
		free(guests[i].mem);
	}
	return 0;
}
