/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One ring of a guest, as workers serve it.
 *
 * A ring object is made when the guest's ring is ready and withdrawn before anything about it
 * changes (vhost_conn.h); in between its place, size and features are constant, and what moves
 * belongs to one worker at a time.
 *
 *   guest transmits: take -> the burst goes its way -> give (vhost_ring_done())
 *   guest receives:  take -> fill -> give
 *
 * Buffers are always given back in the order they were taken, whether the guest asked for that
 * (VIRTIO_F_IN_ORDER) or not.
 */
#ifndef VSWITCH_PORT_VHOST_RING_H
#define VSWITCH_PORT_VHOST_RING_H

#include "packet/burst.h"
#include "vswitch/port/vhost_chain.h"

#include <linux/virtio_net.h>
#include <rte_spinlock.h>
#include <rte_vhost.h>
#include <stdatomic.h>

enum {
	VHOST_TAKE_MAX = 512, /* buffers at hand together */
	/* Buffers whose first lines are fetched ahead of the one that is copied. More of them than
	 * a processor has lines under way would only wait for each other. */
	VHOST_NEAR = 8,
};

struct vhost_ring {
	struct vhost_table table;
	union {
		struct vring_avail *avail;
		struct vring_packed_desc_event *driver_event;
	};
	union {
		struct vring_used *used;
		struct vring_packed_desc_event *device_event;
	};
	uint16_t size;
	uint16_t mask; /* split: size - 1 */
	uint16_t next; /* the next available buffer: an index (split) or a slot (packed) */
	uint16_t
		used_idx; /* where the next used one goes; of buffers taken it lags behind `next` */
	uint16_t seen;	  /* split: the available index as last read */
	bool wrap, used_wrap; /* packed: the wrap counters of those two */
	bool packed, event_idx, mergeable, log;
	bool call_valid; /* `called` is where we last thought of an interrupt */
	uint8_t hdr_len; /* bytes of the virtio-net header */
	uint16_t called;
	uint16_t index;	    /* the vring's number */
	uint16_t n_taken;   /* transmit: buffers of the burst under way */
	uint16_t at_hand;   /* of chains[]: read ahead, and not consumed yet */
	uint32_t buf_bytes; /* receive: bytes of a buffer, as they were lately */
	int callfd, kickfd; /* kickfd is our own copy; -1: none */
	int vid;
	_Atomic uint8_t fault;	/* enum vhost_fault; the ring is left alone from then on */
	_Atomic uint8_t *shown; /* the same for people; may be NULL */
	bool shared;		/* several workers send to it */
	rte_spinlock_t lock;	/* then */

	uint64_t used_gpa; /* for the dirty log */
	struct vhost_mem mem;

	struct rte_mbuf_ext_shared_info owner; /* of what is borrowed from transmit buffers */
	struct pkt_tail tails[PKT_RX_MAX];
	struct vhost_chain chains[VHOST_TAKE_MAX];
	struct vhost_pieces pieces;
} __rte_cache_aligned;

/* What a monitor says of a ring. */
struct vhost_ring_conf {
	const struct vhost_mem *mem;
	void *desc, *avail, *used;	/* packed: the ring, the driver's and the device's events */
	uint64_t features;		/* as negotiated */
	uint16_t size, index;		/* index: the vring's number */
	uint16_t avail_base, used_base; /* where it stands; packed: wrap counters in bit 15 */
	int vid, callfd, kickfd;	/* both stay the caller's */
};

/* Makes *r a ring that stands there. -EINVAL: its size is none, it does not lie in the guest's
 * memory or not aligned as virtio asks, or it stands outside itself. Any thread. */
int vhost_ring_init(struct vhost_ring *r, const struct vhost_ring_conf *c);

/* Reads up to n buffers that the guest made available, from the `next` on, into r->chains and
 * r->pieces; the first `have` of them are there from the last call, since when none was consumed
 * (0: both are emptied first). Nothing moves: a buffer is consumed by vhost_ring_consume(). Returns
 * how many; fewer when there are no more, or no room, or the ring is at fault. n <= VHOST_TAKE_MAX.
 * Worker. */
uint16_t vhost_split_take(struct vhost_ring *r, uint16_t have, uint16_t n);
uint16_t vhost_packed_take(struct vhost_ring *r, uint16_t have, uint16_t n);

/* Gives the first n of r->chains back, with len[i] bytes written (NULL: none), and tells the guest
 * where it wants to know. They were consumed. Worker. */
void vhost_split_give(struct vhost_ring *r, uint16_t n, const uint32_t *len);
void vhost_packed_give(struct vhost_ring *r, uint16_t n, const uint32_t *len);

/* Moves past the first n of r->chains. Worker. */
void vhost_split_consume(struct vhost_ring *r, uint16_t n);
void vhost_packed_consume(struct vhost_ring *r, uint16_t n);

static inline uint16_t vhost_ring_take(struct vhost_ring *r, uint16_t have, uint16_t n)
{
	r->at_hand =
		likely(!r->packed) ? vhost_split_take(r, have, n) : vhost_packed_take(r, have, n);
	return r->at_hand;
}

static inline void vhost_ring_consume(struct vhost_ring *r, uint16_t n)
{
	r->at_hand = 0; /* what is left of them is read again: the first is another one now */
	if (likely(!r->packed))
		vhost_split_consume(r, n);
	else
		vhost_packed_consume(r, n);
}

static inline void vhost_ring_give(struct vhost_ring *r, uint16_t n, const uint32_t *len)
{
	if (likely(!r->packed))
		vhost_split_give(r, n, len);
	else
		vhost_packed_give(r, n, len);
}

/* Asks the guest to kick when it makes something available, or not to. Worker, or nobody else. */
void vhost_ring_kicks(struct vhost_ring *r, bool on);

/* Stops the ring; the port shows why. Worker. */
void vhost_ring_stop(struct vhost_ring *r, enum vhost_fault fault);

/* Raises the guest's interrupt. Worker. */
void vhost_ring_call(const struct vhost_ring *r);

/* Marks `len` bytes at `at`, which lie in the guest's memory, as written. Worker. */
void vhost_ring_log(const struct vhost_ring *r, const void *at, uint32_t len);

/* Up to n packets (n <= PKT_RX_MAX) from a transmit ring. The burst before must be done: what it
 * borrowed goes back to the guest first, and while something still refers to it there is nothing
 * new. What is no packet is dropped, on `port`. Worker. */
uint16_t vhost_ring_rx(struct vhost_ring *r, struct pkt_worker *w, uint16_t port,
		       struct rte_mbuf **pkts, uint16_t n);

/* The burst is over: its buffers go back. false: something still refers to them. Worker. */
bool vhost_ring_done(struct vhost_ring *r);

/* These packets are about to be sent: looks for buffers, and fetches their first lines. Not for a
 * ring that several workers send to. Worker. */
void vhost_ring_tx_ahead(struct vhost_ring *r, struct rte_mbuf *const *pkts, uint16_t n);

/* Copies pkts[0..n) to a receive ring; returns how many it took, which are still the caller's. *why
 * as port_ops.tx_burst. Worker. */
uint16_t vhost_ring_tx(struct vhost_ring *r, struct rte_mbuf **pkts, uint16_t n,
		       enum pkt_drop *why);

#endif
