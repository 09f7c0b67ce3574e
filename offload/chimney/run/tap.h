/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tap: copies of the frames that a connection's engine sends and takes in, on their way from the
 * worker to whoever looks. A ring of bytes with one writer, the worker that runs the connection,
 * and one reader, main. Neither waits for the other: what finds no room is not copied but counted.
 *
 * Main makes it and posts it to the worker (CHIM_ASK_TAP in conn.h), and frees it only when the
 * worker has said that it has let go of it, or has forgotten the connection.
 *
 * What is copied is what passes between engine and switch: a unit that is cut later, or that was
 * merged before, is one record.
 */
#ifndef OFFLOAD_CHIMNEY_RUN_TAP_H
#define OFFLOAD_CHIMNEY_RUN_TAP_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	CHIM_TAP_KEEP_MIN = 64,	      /* bytes of a frame that are kept, at least */
	CHIM_TAP_BYTES_MIN = 1 << 18, /* of a ring: more than three of the longest units */
};

struct chim_tap;

struct chim_tap_record {
	uint64_t time_ns; /* since 1970 (CLOCK_REALTIME) */
	uint32_t len;	  /* bytes of the frame */
	uint32_t kept;	  /* and how many of them are there */
	uint16_t segsz;	  /* payload bytes of each frame that a unit stands for; 0: one frame */
	bool out;	  /* the engine sent it */
	const uint8_t *data;
};

/* bytes: of the ring, a power of two from CHIM_TAP_BYTES_MIN on, in memory that is there at once.
 * keep: how much of a frame is copied at most, from CHIM_TAP_KEEP_MIN on. NULL: no memory. Main. */
struct chim_tap *chim_tap_new(uint32_t bytes, uint32_t keep);
void chim_tap_free(struct chim_tap *t); /* NULL is fine. Main */

/* Copies the beginning of m, an Ethernet frame that may be of several segments and have a borrowed
 * tail. A checksum that is still to be completed is so in the copy, if that is whole. vlan: the
 * tag that the frame had (tci), put back into the copy; 0: none. Worker. */
void chim_tap_put(struct chim_tap *t, const struct rte_mbuf *m, bool out, uint16_t vlan);

/* The oldest record; its data is there until chim_tap_next(). False: there is none. Main. */
bool chim_tap_peek(const struct chim_tap *t, struct chim_tap_record *r);
/* Goes on to the one after it. Main. */
void chim_tap_next(struct chim_tap *t);

/* How many found no room so far. Any thread. */
uint64_t chim_tap_lost(const struct chim_tap *t);

#endif
