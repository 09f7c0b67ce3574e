/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port: something packets come from and go to. One file a kind: host.c, vhost.c, ethdev.c.
 *
 * Life: the control thread creates a port, publishes it to the workers, later publishes tables
 * without it, waits until every worker has seen those (RCU), and destroys it. So receive and
 * transmit run only between create and destroy, and need no lock against them.
 */
#ifndef VSWITCH_PORT_PORT_H
#define VSWITCH_PORT_PORT_H

#include "base/err.h"
#include "base/json.h"
#include "packet/burst.h"

#include <stdatomic.h>

/* What the far side takes in a packet sent to it (port->tx_caps). */
enum port_cap {
	PORT_CAP_CSUM = 1 << 0, /* TCP and UDP checksums still to be completed */
	PORT_CAP_TSO4 = 1 << 1,
	PORT_CAP_TSO6 = 1 << 2,
	PORT_CAP_USO = 1 << 3,
	PORT_CAP_ECN = 1 << 4, /* units that carry CWR: only their first frame has it */
};

enum { PORT_QUEUES_MAX = 16 };

/* What is known of the MTUs of a port, bytes of layer 3; 0 and "": not known, or there is none. */
struct port_mtu {
	uint32_t actual;  /* what the interface or the device has */
	uint32_t max;	  /* what it can take */
	uint32_t guest;	  /* what the guest was told by its monitor */
	uint32_t beneath; /* what the kernel's interface beneath a DPDK device has */
	char ifname[16];  /* the kernel's interface: the port's own, or that beneath its device */
};

/* An interface of the kernel's, and the network namespace it is in: which device and inode
 * /proc/PID/ns/net has there. */
struct port_if {
	uint32_t index;
	uint64_t netns_dev, netns_ino;
};

struct port;

struct port_ops {
	const char *kind; /* "host", as in the configuration */

	/* Makes the port as conf (checked against the schema, defaults filled in) says and sets
	 * n_rxq, n_txq, tx_caps. 0, or a negative errno with e filled and nothing left behind.
	 * Main. */
	int (*create)(struct port *p, const json_t *conf, struct err *e);

	/* Undoes create. `keep` leaves what a later flued would take over (a persistent
	 * interface). Main, after a grace period. */
	void (*destroy)(struct port *p, bool keep);

	/* Up to n packets (n <= PKT_RX_MAX) of queue q; 0 when there is none. The mbufs' port field
	 * and header lengths are not set; the offload intent is. One worker a queue. Worker. */
	uint16_t (*rx_burst)(struct port *p, struct pkt_worker *w, uint16_t q,
			     struct rte_mbuf **pkts, uint16_t n);

	/* The burst that queue q gave last is over: nothing refers to it any more but what the
	 * port handed out for longer. What was borrowed for it goes back. NULL: nothing is. Worker.
	 */
	void (*rx_done)(struct port *p, uint16_t q);

	/* These packets will be sent next, most probably: a port may bring closer what it needs for
	 * that. NULL: nothing. As tx_burst. Worker. */
	void (*tx_ahead)(struct port *p, struct pkt_worker *w, uint16_t q,
			 struct rte_mbuf *const *pkts, uint16_t n);

	/* tx_burst takes packets as they are (packet/tail.h); else they are settled before. */
	bool takes_tails;

	/* Sends pkts[0..n); returns how many it took, which are the port's now. The others stay the
	 * caller's, and *why says why they did (TX_FULL, NOT_UP, NO_MBUF; TX_REFUSED: pkts[taken]
	 * is the one refused and the rest may be tried again). What it is done with only after the
	 * burst it takes a copy of, where it lies in external memory. One worker at a time for a
	 * queue. Worker. */
	uint16_t (*tx_burst)(struct port *p, struct pkt_worker *w, uint16_t q,
			     struct rte_mbuf **pkts, uint16_t n, enum pkt_drop *why);

	/* The worker is about to sleep: asks queue q to wake it. Fills fds[] with descriptors that
	 * become readable when something comes, and returns how many; or -1 when the queue has no
	 * such thing and must be polled. Packets that came before the call may not wake. Worker. */
	int (*sleep)(struct port *p, uint16_t q, int *fds, int max);

	/* The worker is awake again. Worker. */
	void (*wake)(struct port *p, uint16_t q);

	/* A new MTU is planned (bytes, layer 3). 0, or a negative errno and the old one stays.
	 * Main. */
	int (*set_mtu)(struct port *p, uint16_t mtu, struct err *e);

	/* Fills in what is known; *out comes empty. System calls only that wait for nobody. Main.
	 */
	void (*mtu)(struct port *p, struct port_mtu *out);

	/* The addresses behind the other ports of its bridge, n of them, each once: a card that
	 * switches between functions of its own lets frames for them in only when it is told. NULL:
	 * they do not matter. System calls that may wait for who configures the interface. Main. */
	void (*inside)(struct port *p, const uint8_t (*mac)[6], unsigned int n);

	/* port_env.changed() was called: says what there is to be said of it. NULL: nothing but
	 * whether it is up. Main. */
	void (*changed)(struct port *p);

	/* Adds what port.show tells of this kind (docs/rpc.md). Main. */
	void (*show)(struct port *p, json_t *out);
};

struct port {
	const struct port_ops *ops;
	char name[32];
	uint16_t id;  /* its number, 0..FWD_PORTS_MAX-1 */
	uint16_t mtu; /* planned at creation; bytes */
	bool wire;    /* frames as a wire has them come from it: units were cut for its sake */
	bool inside;  /* ops->inside wants to be told: its device may switch by itself */
	uint16_t n_rxq;
	uint16_t n_txq;
	_Atomic uint32_t tx_caps;   /* enum port_cap; may change while the port lives */
	_Atomic bool up;	    /* there is somebody at the far side */
	_Atomic uint16_t guest_mtu; /* what the guest was told; 0: nothing, or no guest */
	struct port_if iface;	    /* of this host, at the far side; index 0: there is none */
	void *priv;		    /* the kind's own */
};

/* The transmit queue that the worker uses. Any. */
static inline uint16_t port_txq(const struct port *p, const struct pkt_worker *w)
{
	return w->id % p->n_txq;
}

extern const struct port_ops port_host_ops;
extern const struct port_ops port_vhost_ops;
extern const struct port_ops port_ethdev_ops;

/* Makes p an ethdev port that drives the host's interface through /dev/vhost-net: what kind host
 * does with backend vhost-net. Replaces p->ops. As port_ops.create. Main. */
int port_vhost_net_create(struct port *p, const json_t *conf, struct err *e);

/* What all kinds share. Called once, before any port is made. Main.
 * quiesce: waits until no worker is still inside a port function it entered before the call (an
 * RCU grace period); on any thread but main and workers. */
struct port_env {
	struct rte_mempool *data_pool;
	uint16_t n_workers;
	void (*quiesce)(void);
	void (*changed)(void); /* a port's state changed: main should look; any thread */
};
void port_init(const struct port_env *env);
extern struct port_env port_env;

#endif
