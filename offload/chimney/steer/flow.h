/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows that do not go where the FDB says: frames of one direction of a TCP connection, towards an
 * end that is (or is being) offloaded.
 *
 * Main adds and removes flows; workers look each TCP packet up without a lock. A flow is
 *   holding   packets are kept, in the order they came, within bounds; what is more is dropped
 *             (and counted) as a full queue drops
 *   stolen    packets go to its sink, on its home worker; other workers hand them over by a ring
 *   released  what was held goes on to where it was going, in order, and then the flow is gone
 *
 * Only the direction towards the end matters: its kernel may go on sending what it has sent.
 * Keys of the two ends of a connection differ, so both ends may be offloaded in one switch.
 *
 * No lock is taken. Main links flows into a hash table and unlinks them; a flow is freed after a
 * grace period. What a worker cannot give to the sink at once it puts into the flow's inbox, a list
 * that any worker prepends to with one compare-and-swap and only the home worker empties, all of it
 * at a time. So what one worker finds keeps its order, whatever becomes of the flow meanwhile: a
 * worker that finds the inbox filled has what is in it handed over first. An inbox whose flow was
 * released is closed by the home worker when it is empty and what was in it is sent; from then on
 * packets pass as if there were no flow.
 */
#ifndef OFFLOAD_CHIMNEY_STEER_FLOW_H
#define OFFLOAD_CHIMNEY_STEER_FLOW_H

#include "packet/burst.h"

#include <stdbool.h>
#include <stdint.h>

/* As the frame carries them, network order; IPv4 in the first four bytes, the rest zero. Compared
 * as bytes: zero it before it is filled. */
struct flow_key {
	uint8_t src[16], dst[16];
	uint16_t sport, dport;
	uint16_t bridge;
	uint16_t vlan; /* after vlan_in: 0 to 4095 */
	uint8_t v6;
	uint8_t dmac[6]; /* frames to another address are not this flow's */
	uint8_t pad;
};
_Static_assert(sizeof(struct flow_key) == 48, "hashed as words");

enum flow_mode { FLOW_HOLDING, FLOW_STOLEN, FLOW_RELEASING };

struct flow;
struct flow_table;

/* Who takes what is stolen. take() owns m from then on: it may read its data during the call and
 * frees it or keeps it (what is external memory of a port's only during the call). m has no
 * borrowed tail (packet/tail.h), no tag of ours, and is an Ethernet frame whose IP header is l3_len
 * bytes; m->port says where it came from. It may be a segment that only a kernel takes
 * (packet/odd.h). Called from within a burst or from flow_poll(): it must not inject or forward
 * packets itself. Worker: the flow's home. */
struct flow_sink {
	void (*take)(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m);
	void *ctx;
};

/* n_workers workers use it; at most max flows. Main. NULL: no memory. */
struct flow_table *flow_table_new(uint16_t n_workers, uint32_t max);
void flow_table_free(struct flow_table *t); /* Main, when no worker runs */

/* How a worker that may be asleep is told that there is something for flow_poll(). Any thread calls
 * wake(). Main, before workers run. */
void flow_table_set_wake(struct flow_table *t, void (*wake)(void *ctx, uint16_t worker), void *ctx);

/* Main. */
struct flow_limits {
	uint32_t packets, bytes; /* held at most */
};

/* Holds from now on: a packet that a worker looks up after it saw the new entry. The caller waits a
 * grace period to be sure of all workers. port: where they were going, where released ones go.
 * Errors: -EEXIST, -ENOSPC, -ENOMEM. Main. */
int flow_hold(struct flow_table *t, const struct flow_key *key, uint16_t port,
	      const struct flow_limits *limits, struct flow **out);

/* What was held and what comes goes to the sink from now on, on worker `home`. Held packets come
 * first. After flow_hold_again() a grace period must be over before another sink or home is named.
 * Main; takes effect when home polls next. */
void flow_steal(struct flow *f, uint16_t home, const struct flow_sink *sink, void *user);

/* Stolen no more: holding again. From when the home worker's next flow_poll() (or a grace period)
 * is over, the sink is not called any more. Main. */
void flow_hold_again(struct flow *f);

/* What was held goes on to its port, in order (home's or the first worker's flow_poll() does it);
 * then done(ctx) is called on main by flow_reap(), when no worker knows it any more. Main. */
void flow_release(struct flow *f, void (*done)(void *ctx), void *ctx);

/* As release, but what was held is freed (its connection is gone for good, or its kernel socket
 * would answer wrongly). Main. */
void flow_drop(struct flow *f, void (*done)(void *ctx), void *ctx);

/* Ends what was released and which no worker uses any more. Between two calls the caller waits for
 * a grace period; a flow takes three calls to end after its home closed it. done() may hold new
 * flows. Main, now and then. Returns how many are still ending. */
unsigned int flow_reap(struct flow_table *t);

/* How many were released and have not ended. Main. */
unsigned int flow_ending(const struct flow_table *t);

/* Where released packets go on: behind the point where they were taken out, each as what had come
 * from its m->port (if that is still a port of this bridge). n <= PKT_RX_MAX; the packets are
 * theirs from then on. Worker. */
struct flow_forward {
	void (*forward)(void *ctx, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n);
	void *ctx;
};

/* What a worker does each round beside its bursts: hands over what other workers found, drains held
 * packets into sinks, sends released ones on. Returns packets. Worker: w. */
uint32_t flow_poll(struct flow_table *t, struct pkt_worker *w, const struct flow_forward *out);

/* The worker is about to sleep: from now on it is woken when there is something for flow_poll().
 * false: there is something already. flow_awake(): it does not sleep any more. Worker. */
bool flow_asleep(struct flow_table *t, uint16_t worker);
void flow_awake(struct flow_table *t, uint16_t worker);

/* Is there any flow? What a burst costs when there is none. Worker. */
bool flow_any(const struct flow_table *t);

/* found[i]: the flow that pkts[i] of that bridge belongs to, or NULL; also that of a first
 * fragment, or of a segment with IP options, which must not reach a kernel that has no such
 * connection: it would answer with a reset. n <= PKT_RX_MAX. Returns how many belong to one. They
 * may be used during this burst. Packets as they are after vlan_in: without a tag of ours, vlan_tci
 * set. Worker. */
uint16_t flow_find(const struct flow_table *t, uint16_t bridge, struct rte_mbuf *const *pkts,
		   uint16_t n, struct flow **found);

/* Takes *m, a packet of that flow: gives it to the sink, keeps it, or drops it (counted on
 * m->port). false: the flow was just released, and *m (maybe another mbuf by now) goes on. Worker:
 * w. */
bool flow_take(struct flow *f, struct pkt_worker *w, struct rte_mbuf **m);

/* For show; a copy of counters. Main. */
struct flow_counts {
	enum flow_mode mode;
	uint64_t packets, bytes, held, dropped; /* stolen; held now; dropped while held */
};
void flow_counts(const struct flow *f, struct flow_counts *out);
const struct flow_key *flow_key(const struct flow *f);
uint16_t flow_port(const struct flow *f);
void *flow_user(const struct flow *f); /* as flow_steal() was told last; NULL: it never was */

/* The flow of that key, unless it is ending; NULL: there is none. Main. */
struct flow *flow_get(const struct flow_table *t, const struct flow_key *key);

/* Calls fn for each flow, those that end last; fn must not hold or reap. Main. */
void flow_each(const struct flow_table *t, void (*fn)(void *ctx, const struct flow *f), void *ctx);

#endif
