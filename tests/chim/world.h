/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two ends, a way between them, and applications that write, read, pause, move and close by chance:
 * a seed says all of it. Time is made up. Any thread.
 */
#ifndef TESTS_CHIM_WORLD_H
#define TESTS_CHIM_WORLD_H

#include "tests/chim/end.h"

/* What one side's application does. */
struct habit {
	uint64_t total;				  /* bytes it has to send */
	uint64_t write_most, read_most, pause_ns; /* of one action */
	uint64_t act_at;			  /* next */
	uint64_t take_every; /* ns between moves out of the engine, on average; 0: never */
	uint64_t take_at, back_at;
	uint32_t takes, idle; /* times it left the engine; found nothing to do, at most 8 */
	uint64_t abort_after; /* bytes read; UINT64_MAX: never */
	bool sleepy;	      /* acts only when it is woken */
	bool closes;	      /* close() in place of shutdown() */
	bool asleep, gone;    /* gone: it called close() */
	bool over;	      /* the engine said closed */
};

struct side {
	struct end end;
	struct link out;
	struct habit habit;
	struct packet **held; /* what came while it did not run */
	uint32_t n_held, room_held;
};

struct world {
	struct side side[2];
	struct rng rng;
	uint64_t now;
	uint64_t rounds;
	bool aborted;
	uint32_t moves;
	uint64_t packets; /* frames */
};

/* NULL: all that was sent was received, and both have ended as they should; else what was wrong, in
 * w. */
const char *world_run(struct world *w, uint64_t seed);

#endif
