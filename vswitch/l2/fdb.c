/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/l2/fdb.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

/* A value: port, flags, and the tick it was last seen. 0: nothing stored yet. */
#define VALUE_USED	     (UINT64_C(1) << 63)
#define VALUE_DEAD	     (UINT64_C(1) << 62)
#define VALUE_STATIC	     (UINT64_C(1) << 61)
#define VALUE_SEEN(v)	     ((uint32_t)(v))
#define VALUE_PORT(v)	     ((uint16_t)((v) >> 32))
#define VALUE_OF(port, seen) (VALUE_USED | (uint64_t)(port) << 32 | (seen))

/* In place of a key: nobody finds the slot any more, and nobody may claim it yet. */
#define KEY_BURIED UINT64_C(1)

enum {
	LINE = 4,	/* slots in a cache line */
	PROBE_MAX = 16, /* lines an address may lie beyond the one its hash names */
};

struct slot {
	_Atomic uint64_t key;
	_Atomic uint64_t value;
};

struct fdb {
	struct slot *slots;
	uint64_t seed;
	uint32_t line_mask;
	uint32_t max;
	size_t bytes;
	uint32_t *dead; /* slots marked dead and not yet freed; the first n_sealed are buried */
	uint32_t n_dead;
	uint32_t n_sealed;
	bool owed;		/* a reap, after a grace period */
	bool pinned;		/* something was, in that period */
	_Atomic uint32_t probe; /* lines any address lies beyond its own, at most */
	_Atomic uint32_t count;
	_Atomic uint32_t port_count[FDB_PORTS];
};

_Static_assert(sizeof(struct slot) * LINE == 64, "a line of slots is a cache line");

#define relaxed memory_order_relaxed

/* Seeded, so that nobody outside can choose addresses that all meet in one line. */
static inline uint32_t line_of(const struct fdb *f, uint64_t key)
{
	uint64_t h = (key ^ f->seed) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(h >> 32) & f->line_mask;
}

void fdb_key_split(uint64_t key, uint8_t mac[6], uint16_t *vlan)
{
	uint32_t high = (uint32_t)key;
	uint16_t low = (uint16_t)(key >> 32);

	memcpy(mac, &high, 4);
	memcpy(mac + 4, &low, 2);
	*vlan = key >> 48 & 0xfff;
}

struct fdb *fdb_new(uint32_t max)
{
	struct fdb *f = calloc(1, sizeof(*f));
	uint32_t lines = 1;

	if (!f)
		return NULL;
	/* At most half full, so that an address is nearly always in the line its hash names. */
	while (lines * LINE < max * 2)
		lines *= 2;
	f->line_mask = lines - 1;
	f->max = max;
	f->bytes = (size_t)lines * LINE * sizeof(struct slot);
	/* Pages that no address falls into are never touched, and cost nothing. */
	f->slots = mmap(NULL, f->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->slots == MAP_FAILED)
		goto free_fdb;
	f->dead = malloc((size_t)lines * LINE * sizeof(*f->dead));
	if (!f->dead)
		goto unmap_slots;
	if (getrandom(&f->seed, sizeof(f->seed), 0) != sizeof(f->seed))
		goto free_dead;
	return f;

free_dead:
	free(f->dead);
unmap_slots:
	munmap(f->slots, f->bytes);
free_fdb:
	free(f);
	errno = ENOMEM;
	return NULL;
}

void fdb_free(struct fdb *f)
{
	munmap(f->slots, f->bytes);
	free(f->dead);
	free(f);
}

void fdb_prefetch(const struct fdb *f, uint64_t key)
{
	__builtin_prefetch(&f->slots[(size_t)line_of(f, key) * LINE]);
}

static struct slot *find(const struct fdb *f, uint64_t key)
{
	uint32_t line = line_of(f, key), probe = atomic_load_explicit(&f->probe, relaxed);

	for (uint32_t i = 0; i <= probe; i++) {
		struct slot *s = &f->slots[(size_t)((line + i) & f->line_mask) * LINE];

		for (int j = 0; j < LINE; j++)
			if (atomic_load_explicit(&s[j].key, memory_order_acquire) == key)
				return &s[j];
	}
	return NULL;
}

uint16_t fdb_lookup(const struct fdb *f, uint64_t key)
{
	const struct slot *s = find(f, key);
	uint64_t v = s ? atomic_load_explicit(&s->value, relaxed) : 0;

	return (v & (VALUE_USED | VALUE_DEAD)) == VALUE_USED ? VALUE_PORT(v) : FDB_NO_PORT;
}

static void counted(struct fdb *f, uint16_t port, uint32_t by)
{
	atomic_fetch_add_explicit(&f->port_count[port], by, relaxed);
}

/* Claims a free slot for the key and stores the value. */
static int insert(struct fdb *f, uint64_t key, uint64_t value)
{
	uint32_t line = line_of(f, key);

	for (uint32_t i = 0; i < PROBE_MAX; i++) {
		struct slot *s = &f->slots[(size_t)((line + i) & f->line_mask) * LINE];
		uint32_t probe;

		for (int j = 0; j < LINE; j++) {
			uint64_t none = 0;

			if (!atomic_compare_exchange_strong(&s[j].key, &none, key))
				continue;
			atomic_store_explicit(&s[j].value, value, memory_order_release);
			probe = atomic_load_explicit(&f->probe, relaxed);
			while (probe < i && !atomic_compare_exchange_weak(&f->probe, &probe, i))
				;
			atomic_fetch_add_explicit(&f->count, 1, relaxed);
			counted(f, VALUE_PORT(value), 1);
			return 0;
		}
	}
	return -ENOSPC;
}

static bool over_limit(const struct fdb *f, uint16_t port, uint32_t limit)
{
	return limit && atomic_load_explicit(&f->port_count[port], relaxed) >= limit;
}

enum fdb_learned fdb_learn(struct fdb *f, uint64_t key, uint16_t port, uint32_t now, uint32_t limit,
			   uint16_t *from)
{
	struct slot *s = find(f, key);
	uint64_t v;

	if (!s) {
		if (over_limit(f, port, limit))
			return FDB_LIMIT;
		if (fdb_count(f) >= f->max || insert(f, key, VALUE_OF(port, now)) != 0)
			return FDB_FULL;
		return FDB_NEW;
	}
	v = atomic_load_explicit(&s->value, relaxed);
	if (v == 0)
		return FDB_KNOWN; /* another worker is entering it, or it is being freed */
	if (v & VALUE_STATIC)
		return VALUE_PORT(v) == port || (v & VALUE_DEAD) ? FDB_KNOWN : FDB_PINNED;
	if (VALUE_PORT(v) == port && !(v & VALUE_DEAD)) {
		if (VALUE_SEEN(v) != now)
			atomic_compare_exchange_strong(&s->value, &v, VALUE_OF(port, now));
		return FDB_KNOWN;
	}
	if (over_limit(f, port, limit))
		return FDB_LIMIT;
	*from = VALUE_PORT(v);
	if (!atomic_compare_exchange_strong(&s->value, &v, VALUE_OF(port, now)))
		return FDB_KNOWN;
	counted(f, port, 1);
	if (!(v & VALUE_DEAD)) {
		counted(f, *from, (uint32_t)-1);
		return FDB_MOVED;
	}
	atomic_fetch_add_explicit(&f->count, 1, relaxed);
	return FDB_NEW;
}

int fdb_pin(struct fdb *f, uint64_t key, uint16_t port, uint32_t now)
{
	uint64_t want = VALUE_OF(port, now) | VALUE_STATIC;

	f->pinned = true;
	/* Until what a lookup finds is pinned: a worker may enter the address just now, before us
	 * in probe order. */
	for (;;) {
		struct slot *s = find(f, key);
		uint64_t v;

		if (!s) {
			if (fdb_count(f) >= f->max || insert(f, key, want) != 0)
				return -ENOSPC;
			continue;
		}
		v = atomic_load_explicit(&s->value, memory_order_acquire);
		if ((v & VALUE_STATIC) && !(v & VALUE_DEAD) && VALUE_PORT(v) == port)
			return 0;
		if (v == 0 || !atomic_compare_exchange_strong(&s->value, &v, want))
			continue;
		counted(f, port, 1);
		if (v & VALUE_DEAD)
			atomic_fetch_add_explicit(&f->count, 1, relaxed);
		else
			counted(f, VALUE_PORT(v), (uint32_t)-1);
	}
}

static bool forgets(const struct fdb_match *m, uint64_t key, uint64_t v)
{
	if ((v & (VALUE_USED | VALUE_DEAD)) != VALUE_USED)
		return false;
	if ((v & VALUE_STATIC) && !m->with_static)
		return false;
	if (m->key && m->key != key)
		return false;
	if (m->port >= 0 && m->port != VALUE_PORT(v))
		return false;
	if (m->vlan >= 0 && m->vlan != (int)(key >> 48 & 0xfff))
		return false;
	return !m->unseen || (int32_t)(VALUE_SEEN(v) - m->unseen) < 0;
}

uint32_t fdb_forget(struct fdb *f, const struct fdb_match *match, uint32_t *slot, uint32_t n)
{
	uint32_t slots = fdb_slots(f), forgotten = 0;

	for (; n > 0 && *slot < slots; n--, (*slot)++) {
		struct slot *s = &f->slots[*slot];
		uint64_t key = atomic_load_explicit(&s->key, relaxed);
		uint64_t v = atomic_load_explicit(&s->value, relaxed);

		/* A slot that was marked, revived and marked again stands in the list twice; when
		 * the list is full, the rest is forgotten next time. */
		if (!key || !forgets(match, key, v) || f->n_dead == slots)
			continue;
		if (!atomic_compare_exchange_strong(&s->value, &v, v | VALUE_DEAD))
			continue; /* seen just now */
		atomic_fetch_sub_explicit(&f->count, 1, relaxed);
		counted(f, VALUE_PORT(v), (uint32_t)-1);
		f->dead[f->n_dead++] = *slot;
		forgotten++;
	}
	if (*slot == slots)
		*slot = 0;
	return forgotten;
}

bool fdb_seal(struct fdb *f)
{
	uint32_t kept = f->n_sealed;

	if (f->owed)
		return false;
	for (uint32_t i = f->n_sealed; i < f->n_dead; i++) {
		struct slot *s = &f->slots[f->dead[i]];
		uint64_t v = atomic_load_explicit(&s->value, relaxed);

		if (!(v & VALUE_DEAD) || !atomic_compare_exchange_strong(&s->value, &v, 0))
			continue; /* revived */
		atomic_store_explicit(&s->key, KEY_BURIED, memory_order_release);
		f->dead[kept++] = f->dead[i];
	}
	f->n_sealed = kept;
	f->n_dead = kept;
	f->owed = kept > 0;
	f->pinned = false;
	return f->owed;
}

void fdb_reap(struct fdb *f)
{
	if (!f->owed)
		return;
	f->owed = false;
	/* A worker that missed a pinned address just before it was pinned may be about to enter
	 * it; a slot that came free before the pinned one would let it stand in front. Such a
	 * worker is gone one more grace period from now. */
	if (f->pinned)
		return;
	for (uint32_t i = 0; i < f->n_sealed; i++)
		atomic_store_explicit(&f->slots[f->dead[i]].key, 0, memory_order_release);
	f->n_dead -= f->n_sealed;
	memmove(f->dead, f->dead + f->n_sealed, f->n_dead * sizeof(*f->dead));
	f->n_sealed = 0;
}

bool fdb_next(const struct fdb *f, uint32_t *slot, struct fdb_entry *entry)
{
	for (; *slot < fdb_slots(f); (*slot)++) {
		const struct slot *s = &f->slots[*slot];
		uint64_t v = atomic_load_explicit(&s->value, relaxed);

		entry->key = atomic_load_explicit(&s->key, relaxed);
		if (!entry->key || (v & (VALUE_USED | VALUE_DEAD)) != VALUE_USED)
			continue;
		entry->seen = VALUE_SEEN(v);
		entry->port = VALUE_PORT(v);
		entry->is_static = v & VALUE_STATIC;
		(*slot)++;
		return true;
	}
	return false;
}

uint32_t fdb_count(const struct fdb *f)
{
	return atomic_load_explicit(&f->count, relaxed);
}

uint32_t fdb_port_count(const struct fdb *f, uint16_t port)
{
	return atomic_load_explicit(&f->port_count[port], relaxed);
}

uint32_t fdb_slots(const struct fdb *f)
{
	return (f->line_mask + 1) * LINE;
}
