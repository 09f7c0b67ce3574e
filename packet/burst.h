/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst: the packets that pass a stage together.
 *
 * What a packet carries in its mbuf, from the parse stage to the way out:
 *   port          the port it came from (the switch's number, not a DPDK port)
 *   packet_type   RTE_PTYPE_* of layers 2 to 4, of the outermost IP header
 *   l2_len l3_len l4_len   header lengths in bytes; l4_len only of TCP and UDP
 *   vlan_tci      after vlan_in: priority and VLAN id; the frame itself has no tag of ours then
 *   ol_flags      the offload intent, as a NIC's transmit flags: RTE_MBUF_F_TX_TCP_CKSUM or
 *                 _UDP_CKSUM (the checksum field holds the pseudo-header's sum),
 *                 _TCP_SEG or _UDP_SEG with tso_segsz, and _IPV4 or _IPV6; PKT_FIXED_ID
 *   tso_segsz     payload bytes of each frame the unit stands for
 * Data may be shared by several mbufs (flooding): before a stage writes to a header it asks
 * pkt_own_headers() for one of its own.
 */
#ifndef PACKET_BURST_H
#define PACKET_BURST_H

#include "packet/counters.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <stdbool.h>

enum {
	PKT_RX_MAX = 64,	   /* packets a receive call may return */
	PKT_BURST_MAX = 2048,	   /* packets a burst may grow to when units are split */
	PKT_SEGSZ_MIN = 48,	   /* smallest tso_segsz taken, as Linux' TCP_MIN_SND_MSS */
	PKT_UNIT_MAX = 65535 + 64, /* longest unit: an IP packet and its layer-2 header, bytes */
	PKT_FRAMES_MAX = 65535 / PKT_SEGSZ_MIN + 1, /* frames one unit can become */
};

/* Of a unit (_TCP_SEG, _UDP_SEG) over IPv4: all its frames carry the unit's IPv4 id, as with Linux'
 * SKB_GSO_TCP_FIXEDID; without it id, id + 1 and so on. In a tunnel it speaks of the inner header.
 * The highest bit of ol_flags that DPDK leaves to applications; pkt_flags_reserve() keeps others
 * off it. */
#define PKT_FIXED_ID RTE_MBUF_F_LAST_FREE

struct fwd_config;
struct pkt_trace;
struct lro;
struct impair_queue;

/* Reserves our bits of ol_flags, once DPDK runs. 0, or a negative errno: somebody else has them.
 * Main, once. */
int pkt_flags_reserve(void);

/* Packets of one burst that leave by one port. */
struct pkt_outq {
	uint16_t n;
	struct rte_mbuf *pkts[PKT_RX_MAX];
};

/* Where one worker keeps what it shares among its stages. Written by that worker alone. */
struct pkt_worker {
	const struct fwd_config *fwd;	 /* the tables, as published; the same for a whole burst */
	struct pkt_counters *counters;	 /* by port number */
	struct rte_mempool *data_pool;	 /* mbufs with a 2 KB buffer */
	struct rte_mempool *header_pool; /* mbufs for headers, and without data of their own */
	struct pkt_outq *out;		 /* by port number */
	uint16_t *dirty;		 /* ports whose out queue holds something */
	uint16_t n_dirty;
	uint16_t id;		     /* 0, 1, ... */
	uint32_t now;		     /* coarse time, in units of FWD_TICK_NS */
	struct pkt_trace *trace;     /* NULL while nobody traces */
	struct lro *lro;	     /* flows of a burst, where frames are merged */
	struct impair_queue *impair; /* what leaves late by ports that are told to */
	/* What the switch itself answers to packets of this burst. It leaves, behind all others, by
	 * the port they came from; at most one answer a packet. */
	struct pkt_outq back;
};

struct pkt_burst {
	struct pkt_worker *w;
	uint16_t port; /* ingress: the port they came from; egress: the one they leave by */
	uint16_t queue;
	uint16_t n;
	bool traced; /* at least one packet is followed (packet/trace.h) */
	struct rte_mbuf *pkts[PKT_BURST_MAX];
};

/* Counts the reason on the port and frees the packet; the caller takes it out of the burst.
 * Worker. */
void pkt_drop(struct pkt_worker *w, struct rte_mbuf *m, uint16_t port, enum pkt_drop reason);

/* Puts the packets into the port's out queue. Worker. */
static inline void pkt_out_all(struct pkt_worker *w, struct rte_mbuf *const *pkts, uint16_t n,
			       uint16_t port)
{
	struct pkt_outq *q = &w->out[port];

	if (q->n == 0)
		w->dirty[w->n_dirty++] = port;
	for (uint16_t i = 0, at = q->n; i < n; i++)
		q->pkts[at + i] = pkts[i];
	q->n += n;
}

/* The same with one. Worker. */
static inline void pkt_out(struct pkt_worker *w, struct rte_mbuf *m, uint16_t port)
{
	pkt_out_all(w, &m, 1, port);
}

/* Is this packet's data, or its mbuf, somebody else's too? */
static inline bool pkt_is_shared(const struct rte_mbuf *m)
{
	return rte_mbuf_refcnt_read(m) > 1 || !RTE_MBUF_DIRECT(m);
}

/* Returns a packet with the same bytes whose first `len` bytes may be written, and whose mbuf
 * fields may be changed: m itself when nobody else uses it and they are contiguous; else a new
 * mbuf with a copy of those bytes, followed by references to the rest (payload is not copied).
 * Consumes m, also when it returns NULL (no mbuf left: m is freed). len <= 256. Worker. */
struct rte_mbuf *pkt_own_headers(struct pkt_worker *w, struct rte_mbuf *m, uint16_t len);

/* Returns a packet with the same bytes that may outlive the burst: m itself when its data is its
 * own alone; else a copy, and m is freed. NULL: no mbuf is left, and m is as it was, or settled
 * (packet/tail.h). Worker. */
struct rte_mbuf *pkt_keep(struct pkt_worker *w, struct rte_mbuf *m);

#endif
