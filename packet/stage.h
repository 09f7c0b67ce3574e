/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stage: one step on a packet's way. The table of all stages, in order, is pipelines/table.c.
 */
#ifndef PACKET_STAGE_H
#define PACKET_STAGE_H

#include "packet/burst.h"
#include "packet/trace.h"

struct pkt_stage;

/* What a stage is: constant, shared by all workers. */
struct pkt_stage_def {
	const char *name; /* as in `flue pipeline show`; the file is <name>.c */
	const char *help; /* one line, for the docs' picture */

	/* Works on the burst: may change packets, take some out, or let the burst grow (egress
	 * only). What it takes out it has freed, dropped or queued. Worker. */
	void (*process)(struct pkt_stage *stage, struct pkt_burst *burst);

	/* What the stage can say of a packet that is followed: texts that pkt_trace_step() names by
	 * their index. {in} {out} are port names, {vlan} {len} {segsz} the packet's, {a} {b} the
	 * two numbers given with the step, {headers} the headers in words. */
	const char *const *words;
	uint8_t n_words;
};

/* A worker's own instance. */
struct pkt_stage {
	const struct pkt_stage_def *def;
	uint8_t index; /* in the table */
	uint64_t calls;
	uint64_t packets;
	uint64_t cycles; /* TSC */
};

#endif
