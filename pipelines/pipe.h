/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way of a packet: the table of stages, and the runner that takes a burst through it.
 *
 * Ingress runs once for each burst from a receive queue; it ends with each packet in the out
 * queue of the port it leaves by. Egress then runs once for each such port, and last for the port
 * the burst came from, where the switch itself has something to answer.
 */
#ifndef PIPELINES_PIPE_H
#define PIPELINES_PIPE_H

#include "packet/stage.h"

#include <stdio.h>

enum { PIPE_INGRESS = 8, PIPE_EGRESS = 6, PIPE_STAGES = PIPE_INGRESS + PIPE_EGRESS };

extern const struct pkt_stage_def *const pipe_table[PIPE_STAGES];

/* A worker's own stages, and the burst they work on. */
struct pipe {
	struct pkt_stage stages[PIPE_STAGES];
	struct pkt_burst burst;
};

/* Main, before the worker runs. */
void pipe_init(struct pipe *p, struct pkt_worker *w);

/* Takes one burst from the port's queue and passes it on to where it goes. Returns how many
 * packets there were. Worker. */
uint16_t pipe_run(struct pipe *p, uint16_t port, uint16_t queue);

/* Takes packets that the switch itself made through the pipeline as if they had just come from the
 * port: all stages from parse on look at them, and what may not come in there is dropped. They
 * count as injected, not as received. Their data may lie in memory of anybody's that stays until
 * their last reference is freed. n <= PKT_RX_MAX; the packets are the pipe's from then on. Returns
 * how many were let in: all, or 0 when there is no such port (they are freed). Between bursts only:
 * not from a stage, nor from what a stage calls. Worker. */
uint16_t pipe_inject(struct pipe *p, uint16_t port, struct rte_mbuf **pkts, uint16_t n);

/* Sends packets on that chim_steal took out some time ago: each goes the rest of its way as what
 * has come from its m->port. Those are freed whose port is not of that bridge any more, or does not
 * carry their VLAN. n <= PKT_RX_MAX. Between bursts only. Worker. */
void pipe_forward(struct pipe *p, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n);

/* Hands packets that waited for it to the port: the last stage alone. Those of a port that is gone
 * are freed. n <= PKT_RX_MAX. Between bursts only. Worker. */
void pipe_send(struct pipe *p, uint16_t port, struct rte_mbuf **pkts, uint16_t n);

/* Writes the table as a Graphviz graph. Any thread. */
void pipe_write_dot(FILE *out);

#endif
