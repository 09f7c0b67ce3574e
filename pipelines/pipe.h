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

enum { PIPE_INGRESS = 7, PIPE_EGRESS = 6, PIPE_STAGES = PIPE_INGRESS + PIPE_EGRESS };

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

/* Writes the table as a Graphviz graph. Any thread. */
void pipe_write_dot(FILE *out);

#endif
