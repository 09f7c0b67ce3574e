/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables the workers read: which port belongs where and what it carries. The control thread
 * builds a whole new struct fwd_config for each change and publishes it with one pointer; workers
 * take the pointer once a burst, and the old tables are freed after a grace period. Nothing in
 * them changes after that, but the FDBs they point to (fdb.h).
 */
#ifndef VSWITCH_L2_FWD_H
#define VSWITCH_L2_FWD_H

#include "base/impair.h"
#include "jumbo/mtu.h"
#include "packet/burst.h"
#include "vswitch/l2/fdb.h"

#include <stdatomic.h>

enum {
	FWD_PORTS_MAX = FDB_PORTS,
	FWD_BRIDGES_MAX = 64,
	FWD_WORKERS_MAX = 16,
	FWD_RXQ_MAX = FWD_PORTS_MAX * 16, /* every queue of every port, on one worker */
	FWD_TICK_SHIFT = 28, /* a tick of coarse time is 2^28 ns, about a quarter of a second */
};

struct port;
struct flow_table;

/* What is merged towards a port: see pipelines/merge.c. */
enum fwd_merge { FWD_MERGE_OFF, FWD_MERGE_REVERSIBLE, FWD_MERGE_RSC };

struct fwd_port {
	struct port *port; /* NULL: there is no port of this number */
	uint16_t bridge;
	uint16_t mtu;  /* planned, bytes of layer 3 */
	uint16_t pvid; /* untagged frames belong to this VLAN; 0: they are dropped */
	bool isolated;
	bool ptb;      /* answer what is too large from this port */
	uint8_t merge; /* enum fwd_merge */
	uint32_t learn_limit;
	/* What the guest there was told, for frames towards it; 0: nothing. It comes and goes with
	 * the guest while the table stays. NULL: there are no guests. */
	const _Atomic uint16_t *guest_mtu;
	uint64_t vlans[64]; /* the VLANs it carries, the pvid among them */
	/* What leaves by it is made late, or lost. It takes no units then: it is a wire. */
	struct impair impair;
	uint32_t serial; /* of all ports there ever were: a number may be another port's later */
};

struct fwd_bridge {
	struct fdb *fdb; /* NULL: there is no bridge of this number */
	bool link_local; /* forward 01:80:c2:00:00:0x */
	bool mss_clamp;	 /* lower the MSS of TCP SYNs to the MTU */
	uint16_t n_members;
	uint16_t members[FWD_PORTS_MAX];
};

struct fwd_rxq {
	uint16_t port, queue;
};

struct fwd_config {
	struct fwd_port ports[FWD_PORTS_MAX];
	struct fwd_bridge bridges[FWD_BRIDGES_MAX];
	struct {
		uint16_t n;
		struct fwd_rxq rxq[FWD_RXQ_MAX];
		struct pkt_trace *trace; /* NULL: none */
	} workers[FWD_WORKERS_MAX];
	struct flow_table *flows; /* of connections that are offloaded; NULL: none ever are */
	bool poll_always;	  /* workers never sleep */
};

static inline const struct fwd_port *fwd_port(const struct pkt_burst *b, uint16_t port)
{
	return &b->w->fwd->ports[port];
}

/* The largest packet that may leave by the port: its MTU, or less where its guest was told less.
 * Worker. */
static inline uint16_t fwd_mtu_out(const struct fwd_port *p)
{
	uint16_t guest =
		p->guest_mtu ? atomic_load_explicit(p->guest_mtu, memory_order_relaxed) : 0;

	return mtu_in_force(p->mtu, guest);
}

static inline const struct fwd_bridge *fwd_bridge(const struct pkt_burst *b)
{
	return &b->w->fwd->bridges[fwd_port(b, b->port)->bridge];
}

static inline bool fwd_carries(const struct fwd_port *p, uint16_t vlan)
{
	return p->vlans[vlan / 64] >> (vlan % 64) & 1;
}

/* May a frame of that VLAN from port `in` leave by port `out`? PKT_DROP_NONE: yes. Worker. */
static inline enum pkt_drop fwd_may_leave(const struct fwd_port *in, const struct fwd_port *out,
					  uint16_t vlan)
{
	if (unlikely(in == out))
		return PKT_DROP_SAME_PORT;
	if (unlikely(!fwd_carries(out, vlan)))
		return PKT_DROP_VLAN_OUT;
	if (unlikely(in->isolated && out->isolated))
		return PKT_DROP_ISOLATED;
	return PKT_DROP_NONE;
}

#endif
