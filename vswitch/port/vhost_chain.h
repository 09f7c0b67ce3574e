/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads descriptor chains (virtio 1.2, 2.7 split and 2.8 packed virtqueues). What stands in them
 * was written by a guest and may be anything, and may change while it is read: each descriptor is
 * read once, into memory of ours, and checked there. Pure: nothing but the guest's tables is looked
 * at. All: worker.
 */
#ifndef VSWITCH_PORT_VHOST_CHAIN_H
#define VSWITCH_PORT_VHOST_CHAIN_H

#include "packet/tail.h"
#include "vswitch/port/vhost_mem.h"

#include <linux/virtio_ring.h>
#include <stdbool.h>

/* Why a ring cannot be served any further. */
#define VHOST_FAULTS(X)                                                                         \
	X(INDEX, "the available index is further ahead than the ring is long")                  \
	X(HEAD, "an available entry names a descriptor outside the table")                      \
	X(NEXT, "a chain leads outside the table")                                              \
	X(LOOP, "a chain is longer than its table: it is a loop")                               \
	X(LENGTH, "a chain has more descriptors than a packet can need")                        \
	X(ADDRESS, "a descriptor points outside the guest's memory")                            \
	X(WRITE, "a transmit chain has a descriptor for the device to write to")                \
	X(READ, "a receive chain has a descriptor for the device to read")                      \
	X(INDIRECT, "an indirect table where none was negotiated")                              \
	X(NESTED, "an indirect table within another one, or with a chain behind it")            \
	X(TABLE, "an indirect table of a length that is not a multiple of a descriptor, or of " \
		 "none")

enum vhost_fault {
	VHOST_OK,
#define X(sym, text) VHOST_FAULT_##sym,
	VHOST_FAULTS(X)
#undef X
		VHOST_NO_ROOM, /* not the guest's fault: the caller's pieces are used up */
};

/* What is wrong, for people; NULL for VHOST_OK. Any thread. */
const char *vhost_fault_text(enum vhost_fault fault);

enum {
	VHOST_CHAIN_MAX = 1024, /* descriptors of a chain: as many as QEMU and Linux allow */
	VHOST_PIECES = 4096,	/* pieces of the chains that are at hand together */
};

/* One buffer a guest made available. */
struct vhost_chain {
	uint32_t piece; /* its first piece, an index into the list it was read into */
	uint32_t len;	/* bytes of all pieces; saturates */
	uint16_t n;	/* pieces */
	uint16_t id;	/* what names it in the used ring */
	uint16_t slots; /* descriptors of the ring it takes (packed) */
};

/* Where chains are found, and which are allowed. */
struct vhost_table {
	const struct vhost_mem *mem;
	const void *desc; /* struct vring_desc or vring_packed_desc, `size` of them */
	uint16_t size;
	bool indirect; /* negotiated */
	bool write;    /* a receive ring of the guest: all is for us to write; else all to read */
};

/* A list that is being filled. */
struct vhost_pieces {
	uint32_t n;
	struct pkt_piece of[VHOST_PIECES + 1]; /* a chain of none may begin behind the last */
};

/* Reads the chain that begins with descriptor `head` and appends its pieces; *c says where. Pieces
 * of no bytes are left out, and none is longer than 65535. On any fault the list is as it was. */
enum vhost_fault vhost_chain_split(const struct vhost_table *t, uint16_t head,
				   struct vhost_pieces *pieces, struct vhost_chain *c);

/* The same for the packed chain in slot `at`, which is known to be available. */
enum vhost_fault vhost_chain_packed(const struct vhost_table *t, uint16_t at,
				    struct vhost_pieces *pieces, struct vhost_chain *c);

/* One descriptor without a chain, the usual case, in line. false: it is not that simple. */
static inline bool vhost_chain_one(const struct vhost_table *t, uint64_t gpa, uint32_t len,
				   uint16_t flags, struct vhost_pieces *pieces,
				   struct vhost_chain *c)
{
	uint32_t there = len;
	uint8_t *at;

	if (unlikely((flags & (VRING_DESC_F_NEXT | VRING_DESC_F_INDIRECT)) ||
		     ((flags & VRING_DESC_F_WRITE) != 0) != t->write || pieces->n == VHOST_PIECES ||
		     len - 1 >= 65535))
		return false;
	at = vhost_mem_at(t->mem, gpa, &there);
	if (unlikely(!at || there != len))
		return false;
	c->piece = pieces->n;
	c->len = len;
	c->n = 1;
	c->slots = 1;
	pieces->of[pieces->n++] = (struct pkt_piece){.at = at, .len = len};
	return true;
}

/* Fetches the indirect table that a descriptor names, which will be read soon. What it says may be
 * anything, and may be something else by then. */
static inline void vhost_chain_near(const struct vhost_table *t, uint64_t gpa, uint16_t flags)
{
	uint32_t len = sizeof(struct vring_desc);

	if (unlikely(flags & VRING_DESC_F_INDIRECT))
		__builtin_prefetch(vhost_mem_at(t->mem, gpa, &len));
}

#endif
