/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes a burst from a port's receive queue. */
#include "pipelines/stages.h"
#include "vswitch/l2/fwd.h"
#include "vswitch/port/port.h"

static void port_rx_process(struct pkt_stage *stage, struct pkt_burst *b)
{
	struct port *port = fwd_port(b, b->port)->port;
	struct pkt_counters *c = &b->w->counters[b->port];
	uint64_t bytes = 0, units = 0;

	b->n = port->ops->rx_burst(port, b->w, b->queue, b->pkts, PKT_RX_MAX);
	if (b->n == 0)
		return;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];

		m->port = b->port;
		bytes += m->pkt_len;
		units += (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0;
	}
	pkt_count(c->rx_packets, b->n);
	pkt_count(c->rx_bytes, bytes);
	pkt_count(c->rx_units, units);
}

const struct pkt_stage_def port_rx_stage = {
	.name = "port_rx",
	.help = "take a burst from a port",
	.process = port_rx_process,
};
