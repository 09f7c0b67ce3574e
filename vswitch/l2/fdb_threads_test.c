/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers learn, look up and move addresses while the control thread forgets, frees and pins.
 * Built with ThreadSanitizer where the compiler has it. What is checked is what holds in whatever
 * order things happen: a lookup yields a port the address could be on, never another address's; and
 * an address that is pinned when a worker begins is on no other port until the worker is quiescent.
 */
#include "vswitch/l2/fdb.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	WORKERS = 2,
	KEYS = 200,
	TABLE = 128, /* fewer than there are keys, so that slots change hands */
	SIDES = 2,   /* ports an address moves between */
	PIN_PORT = 200,
	LIMIT = 60,
	BATCH = 16,
	RUN_MS = 1500,
};

/* Quiescent state based reclamation in its simplest form: each worker passes the number it has
 * seen on between two bursts, and a grace period is over when all have passed on ours. */
static _Atomic uint64_t epoch = 1;
static _Atomic uint64_t seen_by[WORKERS];
static _Atomic bool stop;
static _Atomic uint64_t lookups, hits, learned, moved;

static struct fdb *fdb;
static _Atomic bool pinned[KEYS];

static void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static uint64_t key_of(uint32_t i)
{
	const uint8_t mac[6] = {0x02, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

	return fdb_key(mac, (uint16_t)(1 + i % 7));
}

/* Which ports the address is ever learned on: no two neighbours share one. */
static uint16_t port_of(uint32_t i, uint32_t side)
{
	return (uint16_t)((i % 90) * SIDES + side);
}

static void check_lookup(uint32_t i, bool was_pinned)
{
	uint16_t port = fdb_lookup(fdb, key_of(i));

	atomic_fetch_add_explicit(&lookups, 1, memory_order_relaxed);
	if (was_pinned && port != PIN_PORT)
		fail("address %u is pinned and found on port %u", i, port);
	if (port == FDB_NO_PORT)
		return;
	atomic_fetch_add_explicit(&hits, 1, memory_order_relaxed);
	if (port != PIN_PORT && port != port_of(i, 0) && port != port_of(i, 1))
		fail("address %u found on port %u, which is another's", i, port);
}

static void check_learn(uint32_t i, uint32_t side, uint32_t now, bool was_pinned)
{
	uint16_t from = FDB_NO_PORT;
	enum fdb_learned got =
		fdb_learn(fdb, key_of(i), port_of(i, side), now, i % 5 ? 0 : LIMIT, &from);

	if (was_pinned && got != FDB_PINNED)
		fail("address %u is pinned and was learned (%d)", i, got);
	if (got == FDB_NEW)
		atomic_fetch_add_explicit(&learned, 1, memory_order_relaxed);
	if (got != FDB_MOVED)
		return;
	atomic_fetch_add_explicit(&moved, 1, memory_order_relaxed);
	if (from != port_of(i, !side))
		fail("address %u moved to %u from %u, which is another's", i, port_of(i, side),
		     from);
}

static void *work(void *arg)
{
	uint32_t id = (uint32_t)(uintptr_t)arg, rng = 77 + id;

	while (!atomic_load(&stop)) {
		uint64_t e = atomic_load(&epoch);

		/* Only now, with the last burst behind us, may what came before e be reused. Where
		 * there are fewer cores than threads, whoever waits for that should get one. */
		if (e != atomic_exchange(&seen_by[id], e))
			sched_yield();
		for (int n = 0; n < BATCH; n++) {
			uint32_t i = next(&rng) % KEYS, how = next(&rng);
			bool was_pinned = atomic_load(&pinned[i]);

			if (how % 2)
				check_lookup(i, was_pinned);
			else
				check_learn(i, how >> 4 & 1, (uint32_t)e, was_pinned);
		}
	}
	atomic_store(&seen_by[id], UINT64_MAX);
	return NULL;
}

static void grace_period(void)
{
	uint64_t e = atomic_fetch_add(&epoch, 1) + 1;

	for (int i = 0; i < WORKERS; i++)
		while (atomic_load(&seen_by[i]) < e)
			sched_yield();
}

static void forget(struct fdb_match m)
{
	uint32_t slot = 0;

	do
		fdb_forget(fdb, &m, &slot, 64);
	while (slot != 0);
}

/* Nobody counts on the pin any more, then it goes. */
static void unpin(uint32_t i)
{
	atomic_store(&pinned[i], false);
	grace_period();
	forget((struct fdb_match){.key = key_of(i), .port = -1, .vlan = -1, .with_static = true});
}

static void pin(uint32_t i, uint32_t now)
{
	if (fdb_pin(fdb, key_of(i), PIN_PORT, now) == 0)
		atomic_store(&pinned[i], true);
}

static void walk(void)
{
	struct fdb_entry e;
	uint32_t slot = 0;

	while (fdb_next(fdb, &slot, &e)) {
		uint8_t mac[6];
		uint16_t vlan;
		uint32_t i;

		fdb_key_split(e.key, mac, &vlan);
		i = (uint32_t)mac[4] << 8 | mac[5];
		if (i >= KEYS || key_of(i) != e.key)
			fail("the list has a key nobody entered");
		if (e.is_static != (e.port == PIN_PORT))
			fail("address %u is on port %u, static %d", i, e.port, e.is_static);
	}
}

static void control(void)
{
	uint32_t rng = 5, rounds = 0;
	struct timespec began, now;

	clock_gettime(CLOCK_MONOTONIC, &began);
	do {
		uint32_t i = next(&rng) % KEYS, what = next(&rng) % 16;
		bool sealed;

		if (what < 6)
			forget((struct fdb_match){.port = -1, .vlan = -1});
		else if (what < 8)
			forget((struct fdb_match){.port = port_of(i, what & 1), .vlan = -1});
		else if (what < 10)
			forget((struct fdb_match){.port = -1, .vlan = 1 + (int)(i % 7)});
		else if (what < 12)
			forget((struct fdb_match){
				.port = -1, .vlan = -1, .unseen = (uint32_t)atomic_load(&epoch)});
		else if (atomic_load(&pinned[i]))
			unpin(i);
		else if (what < 14)
			pin(i, 1);
		else
			walk();
		sealed = fdb_seal(fdb);
		if (what == 0)
			pin(i, 2); /* in the middle of a grace period */
		if (sealed) {
			grace_period();
			fdb_reap(fdb);
		}
		rounds++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000 <
		 RUN_MS);
	printf("%u rounds of the control thread\n", rounds);
}

/* With everybody quiet, what is counted is what is there, and all of it can be removed. */
static void check_counts(void)
{
	uint32_t slot = 0, total = 0, ports[FDB_PORTS] = {0};
	struct fdb_entry e;

	walk();
	while (fdb_next(fdb, &slot, &e)) {
		ports[e.port]++;
		total++;
	}
	if (total != fdb_count(fdb))
		fail("%u addresses, %u counted", total, fdb_count(fdb));
	for (uint16_t p = 0; p < FDB_PORTS; p++)
		if (ports[p] != fdb_port_count(fdb, p))
			fail("port %u: %u addresses, %u counted", p, ports[p],
			     fdb_port_count(fdb, p));
	forget((struct fdb_match){.port = -1, .vlan = -1, .with_static = true});
	if (fdb_seal(fdb))
		fdb_reap(fdb);
	if (fdb_count(fdb) != 0)
		fail("%u addresses left", fdb_count(fdb));
}

int main(void)
{
	pthread_t threads[WORKERS];

	fdb = fdb_new(TABLE);
	if (!fdb)
		fail("no memory");
	for (uintptr_t i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			fail("no thread");
	control();
	atomic_store(&stop, true);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	check_counts();
	fdb_free(fdb);
	printf("%llu lookups, %llu hits, %llu learned, %llu moved\n",
	       (unsigned long long)atomic_load(&lookups), (unsigned long long)atomic_load(&hits),
	       (unsigned long long)atomic_load(&learned), (unsigned long long)atomic_load(&moved));
	if (atomic_load(&hits) == 0 || atomic_load(&learned) == 0 || atomic_load(&moved) == 0)
		fail("nothing happened");
	return 0;
}
