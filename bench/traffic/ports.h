/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator's end points: DPDK's environment, memory, and a virtio-user device a port. Main
 * thread of the generator process.
 */
#ifndef BENCH_TRAFFIC_PORTS_H
#define BENCH_TRAFFIC_PORTS_H

#include "base/err.h"
#include "bench/traffic/traffic.h"

#include <rte_mempool.h>

enum { PORTS_MAX = 8 };

struct tport {
	uint16_t id; /* DPDK's */
	uint16_t queues;
	bool connected;
	bool chains;			/* frames are sent from several buffers: chain.h */
	struct rte_mempool *tx;		/* every buffer holds the pattern from its first byte on */
	struct rte_mempool *rx, *tails; /* tails: NULL without chains */
};

struct tports {
	struct tport port[PORTS_MAX];
	size_t n;
	bool tso;
	uint32_t mtu;
	enum traffic_rings rings;
	uint16_t rx_ring; /* descriptors of a receive ring that are used */
	size_t n_workers; /* lcores 1 … n_workers, each on a processor of its own where there are */
};

/* Starts DPDK and makes the buffers. Once in a process's life. */
int tports_start(const struct traffic_spec *spec, struct tports *t, struct err *e);

/* Connects what is not connected yet. A client's switch may not be there: tries until timeout_ms
 * are over, -ETIMEDOUT. A server waits for its switch without end (DPDK does not let go). */
int tports_connect(const struct traffic_spec *spec, struct tports *t, unsigned int timeout_ms,
		   struct err *e);

/* Waits until each port's link is up (after a restart of the switch). -ETIMEDOUT. */
int tports_wait(const struct traffic_spec *spec, const struct tports *t, unsigned int timeout_ms,
		struct err *e);

#endif
