/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large receive buffers. A 64 KB unit read into one piece of memory, in a huge page where the
 * kernel has one to give, costs a fifth less than the same unit read into a chain of 2 KB
 * buffers. The packet refers to its bytes there (external mbufs), and nothing is copied.
 *
 * A set is 2 MB, whatever the MTU, cut into slabs. Packets are placed one behind the other in a
 * slab. A worker finishes a burst before it takes the next, so the slab is nearly always free again
 * by then, and the same memory, still in the cache, is filled anew. A slab in which something is
 * still referred to is left alone until that is gone.
 *
 * No device knows this memory. A way out that finishes later makes a copy of its own (ethdev.c),
 * which also keeps it from holding a slab for long.
 */
#ifndef VSWITCH_PORT_UNITBUF_H
#define VSWITCH_PORT_UNITBUF_H

#include <rte_mbuf.h>
#include <stdint.h>

struct unitbuf;

/* A set whose places hold `room` bytes each, at most 65535. NULL: no memory. Main. */
struct unitbuf *unitbuf_new(uint32_t room);

/* The set goes when the last packet in it has gone. Main. */
void unitbuf_free(struct unitbuf *u);

/* A place for the next packet, `room` bytes; NULL: all slabs are in use. The same place comes again
 * until unitbuf_attach() takes it. One thread a set. Worker. */
uint8_t *unitbuf_place(struct unitbuf *u);

/* Makes m, a fresh mbuf, show the first `len` bytes of that place, and takes it. Worker. */
void unitbuf_attach(struct unitbuf *u, struct rte_mbuf *m, uint16_t len);

#endif
