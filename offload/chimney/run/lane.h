/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lane: all that one worker does for offloaded connections. It owns an engine, takes what main
 * asks by mail, looks at the bells of applications, and turns segments into packets and back.
 *
 * A lane is a poller of its worker (pipelines/worker.h) and the sink of its flows
 * (offload/chimney/steer/flow.h).
 */
#ifndef OFFLOAD_CHIMNEY_RUN_LANE_H
#define OFFLOAD_CHIMNEY_RUN_LANE_H

#include "base/err.h"
#include "offload/chimney/run/conn.h"
#include "packet/burst.h"

/* An application's connections on any lane, and its bells. */
struct chim_client {
	struct chim_bells *bells;
	const int *bell_fds; /* an eventfd for each worker */
	_Atomic(struct chim_conn *) slots[CHIM_APP_CONNS];
};

/* The applications there are; a whole new one is published for each that comes or goes. */
struct chim_clients {
	uint32_t n;
	struct chim_client *client[];
};

struct chim_lane_conf {
	uint16_t worker;
	uint32_t max_conns;
	bool tso;
	const _Atomic(struct chim_clients *) *clients;
	/* Takes packets that come from a port, as the pipeline does. Worker. */
	void (*inject)(void *pipe, uint16_t port, struct rte_mbuf **pkts, uint16_t n);
	/* Takes packets on from where flows are stolen, as what came from their m->port. Worker. */
	void (*forward)(void *pipe, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n);
	struct chim_mailbox *says; /* mail to main goes there */
	int says_fd;		   /* an eventfd, written when the box was empty */
};

/* Main. NULL with e filled. */
struct chim_lane *chim_lane_new(const struct chim_lane_conf *conf, struct err *e);
void chim_lane_free(struct chim_lane *l); /* Main, when its worker has ended */

/* Posts to the worker. It may sleep: the caller wakes it (true: it may have to). Main. */
bool chim_lane_ask(struct chim_conn *c, uint32_t asks);

/* Something will be posted within microseconds: the worker does not go to sleep until that is over
 * (each call with true wants one with false). The caller wakes it. Main. */
void chim_lane_expect(struct chim_lane *l, bool soon);

/* The bells' eventfd of a new client, or of one that goes. Main. */
int chim_lane_watch(struct chim_lane *l, int fd, struct err *e);
void chim_lane_unwatch(struct chim_lane *l, int fd);

uint32_t chim_lane_conns(const struct chim_lane *l); /* how many run. Any */
const struct chim_engine_stats *chim_lane_stats(const struct chim_lane *l);

/* One round: mail, bells, timers, and what is to be sent. w: the worker's. pipe: for conf.inject.
 * Returns how much there was. Worker. */
uint32_t chim_lane_poll(struct chim_lane *l, struct pkt_worker *w, void *pipe, uint64_t now);

/* The worker is going to sleep. Fills in descriptors to wait for and lowers *until to when it must
 * be awake; returns how many. What was rung just before may be missed: poll once more. Worker. */
int chim_lane_sleep(struct chim_lane *l, int *fds, int max, uint64_t *until);
void chim_lane_wake(struct chim_lane *l);

/* As flow_sink.take: ctx is the lane, user the connection. Worker. */
void chim_lane_take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m);

#endif
