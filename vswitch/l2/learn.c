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

static void learn_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	const struct fwd_port *port = fwd_port(b, b->port);
	struct fdb *fdb = fwd_bridge(b)->fdb;
	uint64_t keys[PKT_RX_MAX], last = 0;
	uint16_t kept = 0, from;

	for (uint16_t i = 0; i < b->n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(b->pkts[i], const uint8_t *);

		keys[i] = fdb_key(data + 6, b->pkts[i]->vlan_tci);
		if (i == 0 || keys[i] != keys[i - 1])
			fdb_prefetch(fdb, keys[i]);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		enum fdb_learned result = FDB_KNOWN;
		enum word word = KNOWN;

		/* Packets of one sender come in a row; what is learned of the first holds for all.
		 */
		if (keys[i] != last) {
			result = fdb_learn(fdb, keys[i], b->port, b->w->now, port->learn_limit,
					   &from);
			if (unlikely(result == FDB_PINNED)) {
				pkt_drop(b->w, m, b->port, PKT_DROP_STATIC_MOVED);
				continue;
			}
			if (unlikely(result != FDB_KNOWN))
				word = count(b->w, b->port, result);
			last = keys[i];
		}
		b->pkts[kept++] = m;
		if (unlikely(b->traced))
			pkt_trace_step(stage, b, m, word, 0, 0);
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
