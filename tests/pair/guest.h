/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest: a virtio-user device on a vhost-user socket, and the buffers of its rings. Main thread.
 */
#ifndef PAIR_GUEST_H
#define PAIR_GUEST_H

#include "base/err.h"

#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <stdbool.h>
#include <stdint.h>

enum guest_offload { OFFLOAD_NONE, OFFLOAD_CSUM, OFFLOAD_TSO };

struct guest_options {
	char path[108];
	char device[160]; /* further arguments of the device, each with a comma before it */
	uint16_t queues, ring, room; /* room: bytes of a receive buffer beside its headroom */
	enum guest_offload offload;
	bool mergeable, packed, vectorized;
};

struct guest {
	struct guest_options opt;
	uint16_t port;
	uint8_t mac[6];
	struct rte_mempool *tx, *rx;
};

/* Reads "path=SOCKET,KEY=VALUE,...": queues, queue_size, room, offload (0 none, 1 checksum, 2 TSO
 * as well); mrg_rxbuf, in_order, packed_vq, vectorized and server are those of DPDK's
 * net_virtio_user. -EINVAL names what it does not know. */
int guest_parse(const char *text, struct guest_options *opt, struct err *e);

/* DPDK's environment with memory for these guests. Once. */
int guests_start(const struct guest_options *opt, unsigned int n, struct err *e);

/* Makes the buffers of guest `number`, connects it and starts its rings. A guest with server=1
 * waits until its switch comes. */
int guest_open(struct guest *g, const struct guest_options *opt, unsigned int number,
	       struct err *e);

/* Takes the guest from its switch. Its buffers stay until the process ends. */
void guest_close(unsigned int number);

#endif
