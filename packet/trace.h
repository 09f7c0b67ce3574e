/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Following single packets. While somebody traces a port, the worker marks the packets that match
 * and each stage records what it decided of a marked one. A record is a few numbers; the words are
 * put together by the control thread. While nobody traces, the cost is one test a burst.
 */
#ifndef PACKET_TRACE_H
#define PACKET_TRACE_H

#include "packet/burst.h"
#include "packet/parse.h"

#include <stdatomic.h>

enum {
	PKT_TRACE_STEPS = 16384, /* records a trace holds; it ends when they are used up */
	PKT_TRACE_BYTES = 96,	 /* of the packet's start, kept in the first record */
	PKT_TRACE_DROP = 255,	 /* in `word`: dropped, reason in `a` */
};

struct pkt_trace_step {
	uint32_t packet; /* 1, 2, ... */
	uint32_t len;
	uint32_t a, b;
	uint16_t in, out;
	uint16_t vlan, segsz;
	uint8_t stage, word;
	uint8_t data_len;
	uint8_t data[PKT_TRACE_BYTES];
};

/* What to follow; a field of 0 matches all. */
struct pkt_trace_filter {
	uint16_t port;
	uint16_t vlan;
	uint16_t ether_type;
	uint8_t mac[6];
	uint8_t host_len; /* 0, 4 or 16 */
	uint8_t host[16];
};

/* One worker's; main makes it, publishes it, and frees it after a grace period. */
struct pkt_trace {
	struct pkt_trace_filter filter;
	uint32_t max_packets;
	_Atomic uint32_t *packets; /* marked so far, by all workers together */
	_Atomic uint32_t count;	   /* which the first of them holds */
	_Atomic uint32_t n;	   /* records written; those below n may be read */
	struct pkt_trace_step steps[PKT_TRACE_STEPS];
};

/* Registers the mbuf flag and field. 0 or a negative errno. Main, once, after rte_eal_init(). */
int pkt_trace_init(void);

/* May packets of this received burst still be marked? Then their headers must be found. Worker. */
static inline bool pkt_trace_wants(const struct pkt_burst *b)
{
	const struct pkt_trace *t = b->w->trace;

	return unlikely(t != NULL) && t->filter.port == b->port &&
	       atomic_load_explicit(t->packets, memory_order_relaxed) < t->max_packets;
}

/* Marks the packets of a received burst that match, and sets burst->traced. Called after the
 * parse stage knows the headers, and only if pkt_trace_wants(). `h` are those of packet m, vlan the
 * VLAN it will belong to. Worker. */
void pkt_trace_mark(struct pkt_burst *b, struct rte_mbuf *m, const struct pkt_headers *h,
		    uint16_t vlan);

struct pkt_stage;

/* Records a decision on m, if m is followed. Worker. */
void pkt_trace_step(const struct pkt_stage *stage, const struct pkt_burst *b,
		    const struct rte_mbuf *m, uint8_t word, uint32_t a, uint32_t nb);

/* The same, of a packet that is about to go to port `out`. Worker. */
void pkt_trace_step_to(const struct pkt_stage *stage, struct pkt_worker *w,
		       const struct rte_mbuf *m, uint8_t word, uint16_t out);

/* The same for a drop, from pkt_drop(). `out`: the port the reason counts on. Worker. */
void pkt_trace_drop(struct pkt_worker *w, const struct rte_mbuf *m, uint16_t out, uint32_t reason);

#endif
