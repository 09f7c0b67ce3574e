/* SPDX-License-Identifier: BSD-3-Clause */
/* What a lane's connections send, until the engine's round is over. All: worker. */
#ifndef OFFLOAD_CHIMNEY_RUN_OUTBOX_H
#define OFFLOAD_CHIMNEY_RUN_OUTBOX_H

#include "packet/burst.h"

#include <rte_mbuf.h>

struct chim_outbox {
	uint16_t n;
	struct rte_mbuf *pkts[PKT_RX_MAX];
	uint16_t ports[PKT_RX_MAX]; /* where each comes from */
};

static inline bool chim_outbox_full(const struct chim_outbox *o)
{
	return o->n == PKT_RX_MAX;
}

/* Of one that is not full. */
static inline void chim_outbox_put(struct chim_outbox *o, struct rte_mbuf *m, uint16_t port)
{
	o->pkts[o->n] = m;
	o->ports[o->n++] = port;
}

/* Injects all; those that come from one port go together. What follows from it may fill the box
 * again, which is for the next time. Returns how many there were. */
uint16_t chim_outbox_send(struct chim_outbox *o, void *pipe,
			  void (*inject)(void *pipe, uint16_t port, struct rte_mbuf **pkts,
					 uint16_t n));

#endif
