/* SPDX-License-Identifier: BSD-3-Clause */
/* What flow.c (main's side) and take.c (the workers') share. */
#ifndef OFFLOAD_CHIMNEY_STEER_FLOW_IMPL_H
#define OFFLOAD_CHIMNEY_STEER_FLOW_IMPL_H

#include "offload/chimney/steer/flow.h"
#include "offload/chimney/steer/quote.h"
#include "packet/tail.h"

#include <stdatomic.h>
#include <sys/queue.h>

/* How far a flow that was released has come. */
enum flow_end {
	FLOW_LIVE,
	FLOW_UNLINKED, /* not found any more by workers that come anew */
	FLOW_QUIET,    /* nobody can queue it any more; its home may still look at it */
};

struct flow {
	/* Read by lookups. */
	struct flow_key key;
	_Atomic(struct flow *) next; /* in its bucket */
	uint32_t hash;
	uint16_t port;

	/* Read when a packet is taken. Sink and home are written before the mode that needs them.
	 */
	_Atomic uint8_t mode __rte_cache_aligned; /* enum flow_mode */
	_Atomic bool drops;			  /* releasing: what is held is freed */
	_Atomic uint16_t home;
	struct flow_limits limits;
	struct flow_sink sink;
	void *user;
	struct flow_table *table;

	/* Written by workers. */
	_Atomic(struct rte_mbuf *) inbox __rte_cache_aligned; /* newest first; or FLOW_CLOSED */
	_Atomic uint32_t held, held_bytes;
	_Atomic bool queued; /* stands in its home's list of what is ready */
	struct flow *ready_next;
	_Atomic uint64_t dropped;
	uint64_t packets, bytes; /* the home's */

	/* Main's. */
	TAILQ_ENTRY(flow) link;
	enum flow_end end;
	void (*done)(void *ctx);
	void *done_ctx;
};

/* No address of a packet. */
#define FLOW_CLOSED ((struct rte_mbuf *)1)

/* A worker's own line. */
struct flow_worker {
	_Atomic(struct flow *) ready; /* flows there is something to do for */
	_Atomic bool asleep;
} __rte_cache_aligned;

enum flow_slot { FLOW_SLOT_EMPTY, FLOW_SLOT_TAKEN, FLOW_SLOT_FULL };

/* Any worker fills, main empties. */
struct flow_quotes {
	int fd;
	_Atomic bool told;
	_Atomic uint32_t next;
	struct {
		_Atomic uint8_t state; /* enum flow_slot */
		struct flow_quote quote;
	} slot[FLOW_QUOTES];
};

struct flow_table {
	_Atomic uint32_t n; /* linked */
	uint32_t mask, max;
	uint64_t seed;
	_Atomic(struct flow *) *buckets;
	struct flow_worker *workers;
	uint16_t n_workers;
	void (*wake)(void *ctx, uint16_t worker);
	void *wake_ctx;
	struct flow_quotes *quotes; /* NULL: nobody wants to know */
	unsigned int n_ending;
	TAILQ_HEAD(flow_list, flow) live, ending; /* main's, oldest first */
};

/* An mbuf in an inbox has no tail, so the place of the tail's address is free: it names the packet
 * that came before. */
static inline struct rte_mbuf **flow_before(struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, PKT_TAIL_OFFSET, struct rte_mbuf **);
}

/* Has its home look at it. Any thread that knows it cannot be freed meanwhile. */
void flow_mark(struct flow *f);

/* All that is in the inbox, oldest first, linked by flow_before(); NULL: nothing is. The home, or
 * main when no worker runs. */
struct rte_mbuf *flow_drain(struct flow *f);

/* Worker. Lost where there is no room. */
void flow_quote_note(struct flow_quotes *all, const struct flow_quote *q);

/* Of the bucket. Any thread. */
uint32_t flow_hash(const struct flow_table *t, const struct flow_key *key);

#endif
