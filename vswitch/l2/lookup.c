/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends a packet to the port its destination is behind (IEEE 802.1Q-2018 8.8). What has no such
 * port, and what is for a group, stays in the burst for the next stage.
 */
#include "vswitch/l2/fwd.h"
#include "vswitch/l2/stages.h"

enum word { FOUND, UNKNOWN, GROUP };
static const char *const words[] = {
	[FOUND] = "destination is behind {out}",
	[UNKNOWN] = "destination is not known",
	[GROUP] = "destination is a group",
};

/* The port of the address, if the tables have it yet: an address may be newer than they are. */
static uint16_t find(const struct pkt_burst *b, uint64_t key)
{
	uint16_t out = fdb_lookup(fwd_bridge(b)->fdb, key);

	return out != FDB_NO_PORT && likely(fwd_port(b, out)->port) ? out : FDB_NO_PORT;
}

/* Packets from..to of the burst, all to one address of one VLAN: where one goes, all go. Those that
 * stay move to *kept. */
static void lookup_run(struct pkt_stage *stage, struct pkt_burst *b, uint64_t key, uint16_t from,
		       uint16_t to, uint16_t *kept)
{
	bool group = key & 1; /* the first octet's lowest bit */
	uint16_t out = group ? FDB_NO_PORT : find(b, key);
	enum pkt_drop drop = PKT_DROP_NONE;

	if (likely(out != FDB_NO_PORT))
		drop = fwd_may_leave(fwd_port(b, b->port), fwd_port(b, out), key >> 48 & 0xfff);
	if (likely(out != FDB_NO_PORT && !drop && !b->traced)) {
		pkt_out_all(b->w, &b->pkts[from], to - from, out);
		return;
	}
	for (uint16_t i = from; i < to; i++) {
		struct rte_mbuf *m = b->pkts[i];

		if (unlikely(out == FDB_NO_PORT)) {
			b->pkts[(*kept)++] = m;
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, group ? GROUP : UNKNOWN, 0, 0);
		} else if (unlikely(drop)) {
			pkt_drop(b->w, m, b->port, drop);
		} else {
			if (unlikely(b->traced))
				pkt_trace_step_to(stage, b->w, m, FOUND, out);
			pkt_out(b->w, m, out);
		}
	}
}

static void lookup_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	const struct fdb *fdb = fwd_bridge(b)->fdb;
	uint64_t keys[PKT_RX_MAX];
	uint16_t kept = 0, to;

	for (uint16_t i = 0; i < b->n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(b->pkts[i], const uint8_t *);

		keys[i] = fdb_key(data, b->pkts[i]->vlan_tci);
		if (i == 0 || keys[i] != keys[i - 1])
			fdb_prefetch(fdb, keys[i]);
	}
	for (uint16_t from = 0; from < b->n; from = to) {
		for (to = from + 1; to < b->n && keys[to] == keys[from];)
			to++;
		lookup_run(stage, b, keys[from], from, to, &kept);
	}
	b->n = kept;
}

const struct pkt_stage_def lookup_stage = {
	.name = "lookup",
	.help = "send to the port the destination is behind",
	.process = lookup_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
