/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vhost port, as its files share it.
 *
 *   vhost.c        the port's operations, on main and on workers
 *   vhost_conn.c   what the guest's monitor says (vhost-user): makes and withdraws rings
 *   vhost_rx.c     a transmit ring of the guest, as packets
 *   vhost_tx.c     packets into a receive ring of the guest
 *   vhost_split.c  vhost_packed.c   the two layouts of a ring
 *   vhost_chain.c  descriptor chains, checked
 *
 * The control plane, which is sockets, negotiation, mapping of memory and the dirty log, is DPDK's
 * rte_vhost. Its own data plane is not used.
 *
 * Three threads meet here. rte_vhost's own thread handles messages; workers receive and send; main
 * creates and destroys. What workers may use of the guest is a ring object, found by one atomic
 * pointer. Before rte_vhost changes anything a ring object stands on (memory, addresses, event
 * descriptors, the log), the pointer is cleared, and a grace period is waited for. So workers take
 * no lock, and never see memory that is gone.
 */
#ifndef VSWITCH_PORT_VHOST_PORT_H
#define VSWITCH_PORT_VHOST_PORT_H

#include "vswitch/port/port.h"
#include "vswitch/port/vhost_ring.h"

#include <sys/queue.h>

enum {
	VHOST_PAIRS = 64,
	VHOST_RINGS = 2 * VHOST_PAIRS, /* even: the guest receives; odd: it transmits */
	VHOST_NO_DEVICE = -1,
};

struct vhost {
	LIST_ENTRY(vhost) link;
	struct port *port;
	char path[108];
	bool server;
	bool used; /* rte_vhost knows the path */

	_Atomic int vid; /* rte_vhost's number of the guest that is ready, or VHOST_NO_DEVICE */
	_Atomic(struct vhost_ring *) rings[VHOST_RINGS]; /* NULL: leave it alone */
	_Atomic uint64_t tx_pairs; /* pairs whose transmit ring is there, a bit each */
	_Atomic uint64_t rx_pairs; /* those whose receive ring is */
	_Atomic uint64_t rarp;	   /* the address to announce after a migration, and ANNOUNCE */
	uint64_t share[PORT_QUEUES_MAX]; /* the pairs that queue q serves */
	uint8_t turn[PORT_QUEUES_MAX];	 /* the pair that queue q looks at first; its worker's */

	_Atomic uint8_t faults[VHOST_RINGS]; /* enum vhost_fault, of a ring that was stopped */
	bool said[VHOST_RINGS];		     /* those that were logged; main's */

	/* rte_vhost's thread only. */
	bool has_memory;	   /* there is a memory table */
	bool enabled[VHOST_RINGS]; /* the ring is complete and enabled */
};

#define VHOST_ANNOUNCE (UINT64_C(1) << 63)

/* Begins to listen or to connect. 0, or a negative errno with e filled. Main. */
int vhost_conn_open(struct vhost *v, const json_t *conf, struct err *e);

/* Ends it; the guest is disconnected when this returns. Main. */
void vhost_conn_close(struct vhost *v);

#endif
