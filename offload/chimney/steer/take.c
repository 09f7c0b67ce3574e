/* SPDX-License-Identifier: BSD-3-Clause */
/* The workers' side of flows: lookup, taking packets, handing over what was held. */
#include "offload/chimney/steer/flow_impl.h"
#include "offload/chimney/steer/key.h"

#include <rte_prefetch.h>
#include <string.h>

/* Rounds of emptying an inbox that others still fill, before the worker does something else. */
enum { RELEASE_ROUNDS = 4 };

uint32_t flow_hash(const struct flow_table *t, const struct flow_key *key)
{
	uint64_t h = t->seed, word;

	for (size_t i = 0; i < sizeof(*key); i += sizeof(word)) {
		memcpy(&word, (const char *)key + i, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

bool flow_any(const struct flow_table *t)
{
	/* What goes on from here comes behind what a flow that has just ended held. */
	return atomic_load_explicit(&t->n, memory_order_acquire) != 0;
}

static struct flow *look(const struct flow_table *t, uint32_t hash, const struct flow_key *key)
{
	struct flow *f = atomic_load_explicit(&t->buckets[hash & t->mask], memory_order_acquire);

	while (f && (f->hash != hash || memcmp(&f->key, key, sizeof(*key)) != 0))
		f = atomic_load_explicit(&f->next, memory_order_acquire);
	return f;
}

void flow_quoted(const struct flow_table *t, uint16_t bridge, const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	struct flow_quote q;
	struct flow *f;

	if (likely(!flow_quote_maybe(data, m->data_len)) || !t->quotes ||
	    !flow_quote_of(data, m->data_len, &q))
		return;
	q.key.bridge = bridge;
	q.key.vlan = m->vlan_tci & 0xfff;
	f = look(t, flow_hash(t, &q.key), &q.key);
	if (f && atomic_load(&f->mode) == FLOW_STOLEN)
		flow_quote_note(t->quotes, &q);
}

uint16_t flow_find(const struct flow_table *t, uint16_t bridge, struct rte_mbuf *const *pkts,
		   uint16_t n, struct flow **found)
{
	struct flow_key keys[PKT_RX_MAX];
	uint32_t hashes[PKT_RX_MAX];
	uint16_t at[PKT_RX_MAX], n_keys = 0, n_found = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
		struct flow_key *key = &keys[n_keys];
		struct pkt_headers h;

		found[i] = NULL;
		if (!flow_key_of(data, m->data_len, m->pkt_len, key, &h) &&
		    likely(!flow_key_of_odd(data, m->data_len, &h, key))) {
			flow_quoted(t, bridge, m);
			continue;
		}
		key->bridge = bridge;
		key->vlan = m->vlan_tci & 0xfff;
		/* As parse leaves them where something is asked of the way out. */
		m->l2_len = h.l2_len;
		m->l3_len = h.l3_len;
		m->l4_len = h.l4_len;
		hashes[n_keys] = flow_hash(t, key);
		rte_prefetch0(&t->buckets[hashes[n_keys] & t->mask]);
		at[n_keys++] = i;
	}
	for (uint16_t i = 0; i < n_keys; i++)
		rte_prefetch0(atomic_load_explicit(&t->buckets[hashes[i] & t->mask],
						   memory_order_relaxed));
	for (uint16_t i = 0; i < n_keys; i++) {
		found[at[i]] = look(t, hashes[i], &keys[i]);
		n_found += found[at[i]] != NULL;
	}
	return n_found;
}

void flow_mark(struct flow *f)
{
	struct flow_table *t = f->table;
	uint16_t home = atomic_load(&f->home);
	struct flow_worker *w = &t->workers[home];
	struct flow *head;

	if (atomic_exchange(&f->queued, true))
		return;
	head = atomic_load(&w->ready);
	do
		f->ready_next = head;
	while (!atomic_compare_exchange_weak(&w->ready, &head, f));
	/* It says that it sleeps before it looks at the list a last time. */
	if (atomic_load(&w->asleep) && t->wake)
		t->wake(t->wake_ctx, home);
}

struct rte_mbuf *flow_drain(struct flow *f)
{
	struct rte_mbuf *m = atomic_load(&f->inbox), *oldest = NULL;
	uint32_t n = 0, bytes = 0;

	if (!m || m == FLOW_CLOSED)
		return NULL;
	m = atomic_exchange(&f->inbox, NULL);
	while (m) {
		struct rte_mbuf *before = *flow_before(m);

		*flow_before(m) = oldest;
		oldest = m;
		n++;
		bytes += m->pkt_len;
		m = before;
	}
	atomic_fetch_sub(&f->held, n);
	atomic_fetch_sub(&f->held_bytes, bytes);
	return oldest;
}

static void drop(struct flow *f, struct pkt_worker *w, struct rte_mbuf *m, enum pkt_drop why)
{
	atomic_fetch_add_explicit(&f->dropped, 1, memory_order_relaxed);
	pkt_drop(w, m, m->port, why);
}

static void give(struct flow *f, struct pkt_worker *w, struct rte_mbuf *m)
{
	if (unlikely(pkt_tail_settle(m, w->header_pool) != 0)) {
		drop(f, w, m, PKT_DROP_NO_MBUF);
		return;
	}
	pkt_count(f->packets, 1);
	pkt_count(f->bytes, m->pkt_len);
	f->sink.take(f->sink.ctx, f->user, w, m);
}

static uint32_t hand_over(struct flow *f, struct pkt_worker *w)
{
	struct rte_mbuf *m = flow_drain(f);
	uint32_t n = 0;

	while (m) {
		struct rte_mbuf *after = *flow_before(m);

		give(f, w, m);
		m = after;
		n++;
	}
	return n;
}

/* Reserves room for it. false: as much is held as may be. */
static bool reserve(struct flow *f, uint32_t bytes)
{
	uint32_t n = atomic_fetch_add(&f->held, 1) + 1;
	uint32_t all = atomic_fetch_add(&f->held_bytes, bytes) + bytes;

	if (n <= f->limits.packets && all <= f->limits.bytes)
		return true;
	atomic_fetch_sub(&f->held, 1);
	atomic_fetch_sub(&f->held_bytes, bytes);
	return false;
}

/* Keeps *m. false: the flow is closed. */
static bool keep(struct flow *f, struct pkt_worker *w, struct rte_mbuf **m)
{
	struct rte_mbuf *copy, *head = atomic_load(&f->inbox);
	uint32_t bytes = (*m)->pkt_len;

	if (head == FLOW_CLOSED)
		return false;
	if (!reserve(f, bytes)) {
		drop(f, w, *m, PKT_DROP_HELD);
		return true;
	}
	copy = pkt_keep(w, *m);
	if (!copy) {
		atomic_fetch_sub(&f->held, 1);
		atomic_fetch_sub(&f->held_bytes, bytes);
		drop(f, w, *m, PKT_DROP_NO_MBUF);
		return true;
	}
	*m = copy;
	do {
		if (head == FLOW_CLOSED) {
			atomic_fetch_sub(&f->held, 1);
			atomic_fetch_sub(&f->held_bytes, bytes);
			return false;
		}
		*flow_before(copy) = head;
	} while (!atomic_compare_exchange_weak(&f->inbox, &head, copy));
	/* Read behind the insertion: either main's change of the mode is seen here, or what was
	 * inserted is seen by what main had done after it. */
	if (atomic_load(&f->mode) != FLOW_HOLDING)
		flow_mark(f);
	return true;
}

bool flow_take(struct flow *f, struct pkt_worker *w, struct rte_mbuf **m)
{
	if (atomic_load(&f->mode) != FLOW_STOLEN || atomic_load(&f->home) != w->id)
		return keep(f, w, m);
	if (unlikely(atomic_load(&f->inbox) != NULL))
		hand_over(f, w);
	give(f, w, *m);
	return true;
}

static void send_on(const struct flow *f, struct rte_mbuf *m, const struct flow_forward *out)
{
	struct rte_mbuf *pkts[PKT_RX_MAX];

	while (m) {
		uint16_t n = 0;

		for (; m && n < PKT_RX_MAX; m = *flow_before(m))
			pkts[n++] = m;
		out->forward(out->ctx, f->key.bridge, pkts, n);
	}
}

static uint32_t free_all(struct flow *f, struct pkt_worker *w, struct rte_mbuf *m)
{
	uint32_t n = 0;

	while (m) {
		struct rte_mbuf *after = *flow_before(m);

		drop(f, w, m, PKT_DROP_HELD);
		m = after;
		n++;
	}
	return n;
}

static uint32_t release(struct flow *f, struct pkt_worker *w, const struct flow_forward *out)
{
	uint32_t n = 0;

	for (int i = 0; i < RELEASE_ROUNDS; i++) {
		struct rte_mbuf *m = flow_drain(f), *none = NULL;

		if (!m && atomic_compare_exchange_strong(&f->inbox, &none, FLOW_CLOSED))
			return n + 1;
		if (!m && none == FLOW_CLOSED)
			return n;
		if (!m)
			continue;
		n++;
		if (atomic_load(&f->drops))
			free_all(f, w, m);
		else
			send_on(f, m, out);
	}
	flow_mark(f);
	return n;
}

static uint32_t serve(struct flow *f, struct pkt_worker *w, const struct flow_forward *out)
{
	enum flow_mode mode = atomic_load(&f->mode);

	if (mode == FLOW_HOLDING)
		return 0;
	/* It was queued here before it got another home. */
	if (unlikely(atomic_load(&f->home) != w->id)) {
		flow_mark(f);
		return 0;
	}
	return mode == FLOW_STOLEN ? hand_over(f, w) : release(f, w, out);
}

uint32_t flow_poll(struct flow_table *t, struct pkt_worker *w, const struct flow_forward *out)
{
	struct flow_worker *mine = &t->workers[w->id];
	struct flow *f;
	uint32_t n = 0;

	if (likely(!atomic_load_explicit(&mine->ready, memory_order_relaxed)))
		return 0;
	f = atomic_exchange(&mine->ready, NULL);
	while (f) {
		struct flow *next = f->ready_next;

		atomic_store(&f->queued, false);
		n += serve(f, w, out);
		f = next;
	}
	return n;
}

bool flow_asleep(struct flow_table *t, uint16_t worker)
{
	atomic_store(&t->workers[worker].asleep, true);
	return atomic_load(&t->workers[worker].ready) == NULL;
}

void flow_awake(struct flow_table *t, uint16_t worker)
{
	atomic_store_explicit(&t->workers[worker].asleep, false, memory_order_relaxed);
}
