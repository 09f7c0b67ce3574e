/* SPDX-License-Identifier: BSD-3-Clause */
/* Main's side of flows: their life. */
#include "offload/chimney/steer/flow_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct flow_table *flow_table_new(uint16_t n_workers, uint32_t max)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct flow_table){
		.mask = rte_align32pow2(RTE_MAX(max, 64u)) - 1, .max = max, .n_workers = n_workers};
	TAILQ_INIT(&t->live);
	TAILQ_INIT(&t->ending);
	/* Nobody outside can tell which connections share a bucket. */
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = (uintptr_t)t;
	t->buckets = calloc(t->mask + 1u, sizeof(*t->buckets));
	t->workers = aligned_alloc(RTE_CACHE_LINE_SIZE, n_workers * sizeof(*t->workers));
	if (!t->buckets || !t->workers) {
		free((void *)t->buckets);
		free(t->workers);
		free(t);
		return NULL;
	}
	memset(t->workers, 0, n_workers * sizeof(*t->workers));
	return t;
}

void flow_table_set_wake(struct flow_table *t, void (*wake)(void *ctx, uint16_t worker), void *ctx)
{
	t->wake = wake;
	t->wake_ctx = ctx;
}

static void free_list(struct flow_list *list)
{
	struct flow *f;

	while ((f = TAILQ_FIRST(list)) != NULL) {
		struct rte_mbuf *m = flow_drain(f);

		while (m) {
			struct rte_mbuf *after = *flow_before(m);

			rte_pktmbuf_free(m);
			m = after;
		}
		TAILQ_REMOVE(list, f, link);
		free(f);
	}
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	free_list(&t->live);
	free_list(&t->ending);
	free((void *)t->buckets);
	free(t->workers);
	free(t->quotes);
	free(t);
}

static struct flow *find(const struct flow_table *t, uint32_t hash, const struct flow_key *key)
{
	struct flow *f = atomic_load(&t->buckets[hash & t->mask]);

	while (f && (f->hash != hash || memcmp(&f->key, key, sizeof(*key)) != 0))
		f = atomic_load(&f->next);
	return f;
}

static bool is_closed(const struct flow *f)
{
	return atomic_load(&f->inbox) == FLOW_CLOSED;
}

/* Workers that are at it now go on from it to the rest of its bucket. */
static void unlink_flow(struct flow_table *t, struct flow *f)
{
	_Atomic(struct flow *) *at = &t->buckets[f->hash & t->mask];

	while (atomic_load(at) != f)
		at = &atomic_load(at)->next;
	atomic_store(at, atomic_load(&f->next));
	atomic_fetch_sub(&t->n, 1);
	f->end = FLOW_UNLINKED;
}

int flow_hold(struct flow_table *t, const struct flow_key *key, uint16_t port,
	      const struct flow_limits *limits, struct flow **out)
{
	uint32_t hash = flow_hash(t, key);
	struct flow *f = find(t, hash, key);
	_Atomic(struct flow *) *bucket = &t->buckets[hash & t->mask];

	if (f && !is_closed(f))
		return -EEXIST;
	if (f)
		unlink_flow(t, f);
	if (atomic_load(&t->n) >= t->max)
		return -ENOSPC;
	f = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(sizeof(*f), RTE_CACHE_LINE_SIZE));
	if (!f)
		return -ENOMEM;
	memset(f, 0, sizeof(*f));
	f->key = *key;
	f->hash = hash;
	f->port = port;
	f->limits = *limits;
	f->table = t;
	atomic_init(&f->mode, FLOW_HOLDING);
	atomic_init(&f->next, atomic_load(bucket));
	TAILQ_INSERT_TAIL(&t->live, f, link);
	atomic_store(bucket, f);
	atomic_fetch_add(&t->n, 1);
	*out = f;
	return 0;
}

void flow_steal(struct flow *f, uint16_t home, const struct flow_sink *sink, void *user)
{
	f->sink = *sink;
	f->user = user;
	atomic_store(&f->home, home);
	atomic_store(&f->mode, FLOW_STOLEN);
	flow_mark(f);
}

void flow_hold_again(struct flow *f)
{
	atomic_store(&f->mode, FLOW_HOLDING);
}

static void end(struct flow *f, bool drops, void (*done)(void *ctx), void *ctx)
{
	TAILQ_REMOVE(&f->table->live, f, link);
	TAILQ_INSERT_TAIL(&f->table->ending, f, link);
	f->table->n_ending++;
	f->done = done;
	f->done_ctx = ctx;
	atomic_store(&f->drops, drops);
	atomic_store(&f->mode, FLOW_RELEASING);
	flow_mark(f);
}

void flow_release(struct flow *f, void (*done)(void *ctx), void *ctx)
{
	end(f, false, done, ctx);
}

void flow_drop(struct flow *f, void (*done)(void *ctx), void *ctx)
{
	end(f, true, done, ctx);
}

static void finish(struct flow_table *t, struct flow *f)
{
	void (*done)(void *ctx) = f->done;
	void *ctx = f->done_ctx;

	TAILQ_REMOVE(&t->ending, f, link);
	t->n_ending--;
	free(f);
	if (done)
		done(ctx);
}

unsigned int flow_reap(struct flow_table *t)
{
	struct flow *f, *next;

	for (f = TAILQ_FIRST(&t->ending); f; f = next) {
		next = TAILQ_NEXT(f, link);
		if (f->end == FLOW_LIVE && is_closed(f))
			unlink_flow(t, f);
		else if (f->end == FLOW_UNLINKED && !atomic_load(&f->queued))
			/* Nobody finds it and nobody queues it; its home may just have taken it off
			 * its list. */
			f->end = FLOW_QUIET;
		else if (f->end == FLOW_QUIET)
			finish(t, f);
	}
	return t->n_ending;
}

unsigned int flow_ending(const struct flow_table *t)
{
	return t->n_ending;
}

void flow_counts(const struct flow *f, struct flow_counts *out)
{
	*out = (struct flow_counts){
		.mode = atomic_load(&f->mode),
		.packets = pkt_read(f->packets),
		.bytes = pkt_read(f->bytes),
		.held = atomic_load(&f->held),
		.dropped = atomic_load(&f->dropped),
	};
}

const struct flow_key *flow_key(const struct flow *f)
{
	return &f->key;
}

void *flow_user(const struct flow *f)
{
	return f->user;
}

uint16_t flow_port(const struct flow *f)
{
	return f->port;
}

struct flow *flow_get(const struct flow_table *t, const struct flow_key *key)
{
	struct flow *f = find(t, flow_hash(t, key), key);

	return f && atomic_load(&f->mode) != FLOW_RELEASING ? f : NULL;
}

void flow_each(const struct flow_table *t, void (*fn)(void *ctx, const struct flow *f), void *ctx)
{
	const struct flow *f;

	TAILQ_FOREACH (f, &t->live, link)
		fn(ctx, f);
	TAILQ_FOREACH (f, &t->ending, link)
		fn(ctx, f);
}
