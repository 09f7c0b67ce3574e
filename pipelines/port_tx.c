/* SPDX-License-Identifier: BSD-3-Clause */
/* Hands a burst to a port. What it does not take is dropped, with the port's reason. */
#include "pipelines/stages.h"

#include "packet/tail.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/port/port.h"

enum word { SENT };
static const char *const words[] = {
	[SENT] = "handed to {out}",
};

/* For ports that know nothing but segments. */
static void settle(struct pkt_burst *b)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];

		if (unlikely(pkt_tail_settle(m, b->w->header_pool) != 0))
			pkt_drop(b->w, m, b->port, PKT_DROP_NO_MBUF);
		else
			b->pkts[kept++] = m;
	}
	b->n = kept;
}

static void port_tx_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	struct port *port = fwd_port(b, b->port)->port;
	struct pkt_counters *c = &b->w->counters[b->port];
	uint16_t queue = port_txq(port, b->w), done = 0, told = 0;

	if (!port->ops->takes_tails)
		settle(b);
	while (done < b->n) {
		uint64_t bytes[2] = {0, 0}, units = 0;
		enum pkt_drop why = PKT_DROP_TX_FULL;
		uint16_t taken;

		/* The port may free a packet as soon as it has it, so they are counted before. */
		for (uint16_t i = done; i < b->n; i++) {
			bytes[0] += b->pkts[i]->pkt_len;
			units += (b->pkts[i]->ol_flags &
				  (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;
			if (unlikely(b->traced) && i >= told)
				pkt_trace_step(stage, b, b->pkts[i], SENT, 0, 0);
		}
		told = b->n;
		taken = port->ops->tx_burst(port, b->w, queue, &b->pkts[done], b->n - done, &why);
		done += taken;
		if (likely(done == b->n)) {
			pkt_count(c->tx_packets, taken);
			pkt_count(c->tx_bytes, bytes[0]);
			pkt_count(c->tx_units, units);
			return;
		}
		for (uint16_t i = done; i < b->n; i++) {
			bytes[1] += b->pkts[i]->pkt_len;
			units -= (b->pkts[i]->ol_flags &
				  (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;
		}
		pkt_count(c->tx_packets, taken);
		pkt_count(c->tx_bytes, bytes[0] - bytes[1]);
		pkt_count(c->tx_units, units);
		/* One that was refused lies in nobody's way but its own. */
		pkt_drop(b->w, b->pkts[done++], b->port, why);
		if (why == PKT_DROP_TX_REFUSED)
			continue;
		while (done < b->n)
			pkt_drop(b->w, b->pkts[done++], b->port, why);
	}
}

const struct pkt_stage_def port_tx_stage = {
	.name = "port_tx",
	.help = "hand to the port",
	.process = port_tx_process,
	.words = words,
	.n_words = RTE_DIM(words),
};
