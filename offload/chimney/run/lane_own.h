/* SPDX-License-Identifier: BSD-3-Clause */
/* What a lane consists of: for lane.c and lane_asks.c alone. */
#ifndef OFFLOAD_CHIMNEY_RUN_LANE_OWN_H
#define OFFLOAD_CHIMNEY_RUN_LANE_OWN_H

#include "offload/chimney/run/lane.h"
#include "offload/chimney/run/outbox.h"
#include "offload/chimney/run/wake.h"

struct chim_lane {
	struct chim_lane_conf conf;
	struct chim_engine *engine;
	struct chim_mailbox intake;
	struct rte_mbuf_ext_shared_info shinfo; /* of payload in rings: they outlive every burst */
	struct pkt_worker *w;			/* during a round, or a burst */
	struct chim_conn *frozen;		/* those whose dump is still due */
	int bell_fd;				/* epoll over the clients' eventfds */
	struct chim_waker waker;
	struct chim_outbox out;
	_Atomic uint32_t conns;
	_Atomic uint32_t expected;
	uint32_t work; /* of this round */
	void *pipe;    /* the worker's */
};

/* Tells main, and rings if its box was empty. Worker. */
void chim_lane_say(struct chim_conn *c, uint32_t what);

/* Carries out what main has asked for since. Worker. */
void chim_lane_take_mail(struct chim_lane *l, uint64_t now);

/* Who is frozen is dumped as soon as its application does not copy. Worker. */
void chim_lane_dump_frozen(struct chim_lane *l, uint64_t now);

#endif
