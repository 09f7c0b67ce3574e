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

static void trace_found(struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m,
			uint16_t out)
{
	struct pkt_burst to = {.w = b->w, .port = out};

	pkt_trace_step(stage, &to, m, FOUND, 0, 0);
}

static void lookup_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	const struct fwd_port *in = fwd_port(b, b->port);
	const struct fdb *fdb = fwd_bridge(b)->fdb;
	uint64_t keys[PKT_RX_MAX], last = 0;
	uint16_t kept = 0, out = FDB_NO_PORT;

	for (uint16_t i = 0; i < b->n; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(b->pkts[i], const uint8_t *);

		keys[i] = fdb_key(data, b->pkts[i]->vlan_tci);
		if (i == 0 || keys[i] != keys[i - 1])
			fdb_prefetch(fdb, keys[i]);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		bool group = keys[i] & 1; /* the first octet's lowest bit */
		enum pkt_drop drop;

		if (keys[i] != last) {
			out = group ? FDB_NO_PORT : fdb_lookup(fdb, keys[i]);
			/* The tables may be older than the address: its port is not there yet. */
			if (out != FDB_NO_PORT && unlikely(!fwd_port(b, out)->port))
				out = FDB_NO_PORT;
			last = keys[i];
		}
		if (unlikely(out == FDB_NO_PORT)) {
			b->pkts[kept++] = m;
			if (unlikely(b->traced))
				pkt_trace_step(stage, b, m, group ? GROUP : UNKNOWN, 0, 0);
			continue;
		}
		drop = fwd_may_leave(in, fwd_port(b, out), m->vlan_tci & 0xfff);
		if (unlikely(drop)) {
			pkt_drop(b->w, m, b->port, drop);
			continue;
		}
		if (unlikely(b->traced))
			trace_found(stage, b, m, out);
		pkt_out(b->w, m, out);
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
