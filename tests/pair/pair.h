/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two guests that exchange frames through a switch, and look at each that comes. A stream is what
 * one transmit ring of a guest sends to the other guest; its frames are numbered. Main thread.
 */
#ifndef PAIR_H
#define PAIR_H

#include "tests/pair/frame.h"
#include "tests/pair/guest.h"

#include <signal.h>

enum { PAIR_QUEUES = 8, PAIR_STREAMS = 2 * PAIR_QUEUES, PAIR_BURST = 32 };

struct stream {
	uint8_t number;
	struct guest *from, *to;
	uint16_t queue;
	uint32_t next;	   /* the number of the frame that is sent next */
	uint32_t expected; /* and of the one that should come next */
	uint32_t window;   /* how many frames may be on their way */
	uint32_t base;	   /* before this one, what did not come is taken for lost */
	uint64_t sent, received, missing, again;
	uint64_t streak; /* frames since the last one that was missing, or came again */
	/* TCP: places in the stream of bytes. */
	uint32_t tcp_next, tcp_expected;
	uint64_t units_whole, units_cut, sums_open, sums_short;
	uint16_t mss;
};

struct pair {
	struct guest guest[2];
	struct stream stream[PAIR_STREAMS];
	unsigned int n_streams;
	bool lossy; /* frames may be missing, or come again; never damaged or out of order */
	struct err err;
};

/* How a frame lies in buffers. */
struct shape {
	uint32_t bytes;
	bool no_headroom; /* so that the header of virtio needs a descriptor of its own */
	unsigned int n_cuts;
	uint16_t cut[16]; /* the lengths of all segments but the last */
};

typedef void (*shape_fn)(uint32_t number, struct shape *s);

/* Streams for all queues both ways. */
void pair_init(struct pair *p);

/* A chain with these flat bytes, or NULL without a buffer. */
struct rte_mbuf *pair_chain(struct rte_mempool *pool, const uint8_t *flat, const struct shape *s);

/* Takes what came to a guest, and checks it. How many frames; -EBADMSG with p->err. */
int pair_poll(struct pair *p, struct guest *g);

/* Sends the stream's next frames, `most` of them at most. How many the driver took. */
uint32_t pair_send(struct stream *s, shape_fn shape, uint32_t most);

/* Sends `count` frames in each stream, never more at a time than the receiver has room for, and
 * waits until all came. With p->lossy, until all were sent and one in each stream came that was
 * sent after them. */
int pair_exchange(struct pair *p, shape_fn shape, uint32_t count);

/* Exchanges until *stop: nothing that is lost holds it up. */
int pair_endless(struct pair *p, shape_fn shape, const volatile sig_atomic_t *stop);

/* The time after which nothing is waited for any longer. */
uint64_t pair_deadline_ns(void);

#endif
