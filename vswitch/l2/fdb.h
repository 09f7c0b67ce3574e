/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forwarding database of one bridge: which port an address (MAC, VLAN) was last seen on.
 * IEEE 802.1Q-2018 8.8, independent VLAN learning.
 *
 * Workers look up and learn without a lock, all at once; the control thread ages, pins, flushes
 * and lists. An entry is a key and a value of 8 bytes each, four entries to a cache line, found by
 * hash and then linearly a few lines on.
 *
 * - A worker claims a free slot by swapping its key in, then stores the value; until then the
 *   value is 0, which readers take for "not there".
 * - Whoever changes a value swaps it against the one they read, so nothing seen later is undone.
 * - The control thread forgets in three steps: it marks the value dead (a lookup misses it, a
 *   learn may revive it); it buries what stayed dead, so that no key finds the slot (fdb_seal());
 *   and after a grace period, when no worker can still be looking at the slot for its old key, it
 *   frees the slot for another (fdb_reap()). So a slot never changes its key while a worker reads
 *   it.
 * - Two workers that learn one address at once may both find it absent and make two entries. The
 *   first in probe order serves all; the other one is never refreshed and ages out.
 */
#ifndef VSWITCH_L2_FDB_H
#define VSWITCH_L2_FDB_H

#include <stdbool.h>
#include <stdint.h>

struct fdb;

enum {
	FDB_NO_PORT = 0xffff,
	FDB_PORTS = 256, /* port numbers are below this */
};

enum fdb_learned {
	FDB_KNOWN,  /* there, on that port */
	FDB_NEW,    /* entered */
	FDB_MOVED,  /* was on another port, is here now */
	FDB_PINNED, /* static on another port: not changed */
	FDB_LIMIT,  /* the port has as many as it may */
	FDB_FULL,   /* no room */
};

/* The key of an address: 6 bytes at mac, VLAN id 0..4095. Never 0. Any thread. */
static inline uint64_t fdb_key(const uint8_t *mac, uint16_t vlan)
{
	uint32_t high;
	uint16_t low;

	__builtin_memcpy(&high, mac, 4);
	__builtin_memcpy(&low, mac + 4, 2);
	return UINT64_C(1) << 63 | (uint64_t)(vlan & 0xfff) << 48 | (uint64_t)low << 32 | high;
}

/* The address of a key, as fdb_key() took it. Any thread. */
void fdb_key_split(uint64_t key, uint8_t mac[6], uint16_t *vlan);

/* A table for `max` addresses. NULL with errno ENOMEM. Main. */
struct fdb *fdb_new(uint32_t max);
void fdb_free(struct fdb *f);

/* Brings the key's cache line nearer. Worker. */
void fdb_prefetch(const struct fdb *f, uint64_t key);

/* The port of the address, or FDB_NO_PORT. Worker. */
uint16_t fdb_lookup(const struct fdb *f, uint64_t key);

/* The address was seen on the port at `now` (ticks, see fwd.h). limit: addresses the port may
 * have; 0: any number. *from: on FDB_MOVED the old port. Worker. */
enum fdb_learned fdb_learn(struct fdb *f, uint64_t key, uint16_t port, uint32_t now, uint32_t limit,
			   uint16_t *from);

/* Pins the address to the port, whatever was known of it. 0 or -ENOSPC. Main. */
int fdb_pin(struct fdb *f, uint64_t key, uint16_t port, uint32_t now);

/* What to forget. */
struct fdb_match {
	uint64_t key;	  /* this address; 0: any */
	int port;	  /* this port; -1: any */
	int vlan;	  /* this VLAN; -1: any */
	uint32_t unseen;  /* not seen at or after this tick; 0: any */
	bool with_static; /* pinned ones too */
};

/* Marks the matching entries among `n` slots from *slot on as dead; advances *slot, to 0 after the
 * last one. Returns how many. Main. */
uint32_t fdb_forget(struct fdb *f, const struct fdb_match *match, uint32_t *slot, uint32_t n);

/* Buries what was marked dead and not seen since, for the next fdb_reap(), which the caller owes
 * after a grace period that begins now. false: there is nothing, or a reap is owed already. Main.
 */
bool fdb_seal(struct fdb *f);

/* Frees what is buried; where something was pinned meanwhile, leaves it for the next fdb_seal().
 * Main. */
void fdb_reap(struct fdb *f);

struct fdb_entry {
	uint64_t key;
	uint32_t seen; /* tick */
	uint16_t port;
	bool is_static;
};

/* The next entry at or after slot *slot; false at the end. *slot is then the one after. Main. */
bool fdb_next(const struct fdb *f, uint32_t *slot, struct fdb_entry *entry);

/* How many addresses are known, in all and of one port. Any thread. */
uint32_t fdb_count(const struct fdb *f);
uint32_t fdb_port_count(const struct fdb *f, uint16_t port);
uint32_t fdb_slots(const struct fdb *f);

#endif
