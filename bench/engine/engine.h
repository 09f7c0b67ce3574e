/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long an offload engine takes, segment by segment, beside DPDK's. The engines run in a process
 * of their own (`flue-bench __engine`, DPDK without devices), which this talks to in lines of JSON;
 * nothing of DPDK is in this header.
 *
 * Systems: "flue" (offload/tso_lro), "librte" (librte_gso, librte_gro: no checksums), "librte+sum"
 * (the same, and the checksums that flue does: of a unit that is split, each frame's; where frames
 * are merged, each one's is verified, unless the device is said to have done that, and the unit's
 * header gets its own). What an engine makes is checked before it is timed.
 */
#ifndef BENCH_ENGINE_ENGINE_H
#define BENCH_ENGINE_ENGINE_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum engine_kind { ENGINE_SPLIT, ENGINE_MERGE };

enum {
	ENGINE_UNIT_MAX = 65535, /* bytes of a unit with its headers */
	ENGINE_MSS_MIN = 536,
	ENGINE_MSS_MAX = 9000,
	ENGINE_BURST_MAX = 64,
	ENGINE_SECONDS_MAX = 60,
	ENGINE_FLOWS_MAX = 4,
	ENGINE_FRAMES_MAX = 128, /* of all flows, that are given to an engine that merges at once */
};

struct engine_case {
	enum engine_kind kind;
	char system[16];
	unsigned int unit_bytes; /* the unit, with its headers */
	unsigned int mss;	 /* payload bytes of a segment */
	unsigned int family;	 /* 4 or 6 */
	unsigned int burst;	 /* units that are under way together */
	double seconds;		 /* about so long, after a warm-up */
	unsigned int flows;	 /* merge: units whose segments come interleaved */
	bool rx_csum;		 /* merge: the device said that the checksums are good */
};

struct engine_result {
	double ns_per_segment; /* the median of short chunks */
	double cycles_per_segment;
	uint64_t segments, chunks; /* that were timed */
	bool checksums;		   /* did the engine complete them? */
};

/* Between the two sides. from_json: 0, or -EINVAL naming the member. Any thread. */
json_t *engine_case_to_json(const struct engine_case *c);
int engine_case_from_json(const json_t *json, struct engine_case *c, struct err *e);
json_t *engine_result_to_json(const struct engine_result *r);
/* An answer is a result, or {"error","code"}: then that error is returned. */
int engine_result_from_json(const json_t *json, struct engine_result *r, struct err *e);

/* Asks over the descriptor and waits for the answer. -ENOTSUP: this engine does not do that, with
 * the reason; -EPROTO: what the engine made was wrong; -ETIMEDOUT; -ECONNRESET: the process ended.
 */
int engine_ask(int fd, const struct engine_case *c, struct engine_result *r, struct err *e);

/* The process. Main thread of flue-bench. name: unique in this run; cpu: where it runs. */
struct engine;
int engine_start(const char *name, int cpu, struct engine **engine, struct err *e);
int engine_measure(struct engine *engine, const struct engine_case *c, struct engine_result *r,
		   struct err *e);
void engine_stop(struct engine *engine); /* NULL: nothing */

/* The main function of the hidden subcommand: answers on descriptor 3 until that is closed. */
int engine_main(int argc, char **argv);

#endif
