/* SPDX-License-Identifier: BSD-3-Clause */
/* Remembers which port each source address is behind (IEEE 802.1Q-2018 8.7). */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

enum word { KNOWN, NEW, MOVED, LIMIT, FULL };
static const char *const words[] = {
	[KNOWN] = "source is known on {in}",
	[NEW] = "source is new, learned on {in}",
	[MOVED] = "source moved to {in}",
	[LIMIT] = "source not learned: {in} has as many addresses as its learn-limit lets it",
	[FULL] = "source not learned: the bridge's table is full",
};

static enum word count(struct pkt_worker *w, uint16_t port, enum fdb_learned result)
{
	struct pkt_counters *c = &w->counters[port];

	switch (result) {
	case FDB_NEW:
		pkt_count(c->fdb_learned, 1);
		return NEW;
	case FDB_MOVED:
		pkt_count(c->fdb_moved, 1);
		return MOVED;
	case FDB_LIMIT:
		pkt_count(c->fdb_limit, 1);
		return LIMIT;
	case FDB_FULL:
		pkt_count(c->fdb_full, 1);
		return FULL;
	default:
		return KNOWN;
	}
}

/* Packets from..to of the burst, all from one sender: what is learned of one holds for all. Those
 * that stay move to *kept. */
static void learn_run(struct pkt_stage *stage, struct pkt_burst *b, uint64_t key, uint16_t from,
		      uint16_t to, uint16_t *kept)
{
	uint16_t was;
	enum fdb_learned result = fdb_learn(fwd_bridge(b)->fdb, key, b->port, b->w->now,
					    fwd_port(b, b->port)->learn_limit, &was);
	enum word word = unlikely(result != FDB_KNOWN) ? count(b->w, b->port, result) : KNOWN;

	/* Nothing was taken out so far, and nothing is now. */
	if (likely(result == FDB_KNOWN && *kept == from && !b->traced)) {
		*kept = to;
		return;
	}

	for (uint16_t i = from; i < to; i++) {
		struct rte_mbuf *m = b->pkts[i];

		if (unlikely(result == FDB_PINNED)) {
			pkt_drop(b->w, m, b->port, PKT_DROP_STATIC_MOVED);
			continue;
		}
		b->pkts[(*kept)++] = m;
		if (unlikely(b->traced))
			pkt_trace_step(stage, b, m, word, 0, 0);
	}
}

static void learn_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	struct fdb *fdb = fwd_bridge(b)->fdb;
	uint64_t keys[PKT_RX_MAX];
	uint16_t kept = 0, to;

	for (uint16_t i = 0; i < b->n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(b->pkts[i], const uint8_t *);

		keys[i] = fdb_key(data + 6, b->pkts[i]->vlan_tci);
		if (i == 0 || keys[i] != keys[i - 1])
			fdb_prefetch(fdb, keys[i]);
	}
	for (uint16_t from = 0; from < b->n; from = to) {
		for (to = from + 1; to < b->n && keys[to] == keys[from];)
			to++;
		learn_run(stage, b, keys[from], from, to, &kept);
	}
	b->n = kept;
}

const struct pkt_stage_def learn_stage = {
	.name = "learn",
	.help = "remember which port the source address is behind",
	.process = learn_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
