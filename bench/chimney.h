/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose TCP connections the switch runs: what scenarios with real TCP have in common about it. The
 * programs of a load are the same either way. A sample only counts when all connections were where
 * they were to be, all the time. Main thread. docs/chimney-bench.md
 */
#ifndef BENCH_CHIMNEY_H
#define BENCH_CHIMNEY_H

#include "bench/load/window.h"
#include "bench/scenario.h"

/* Parameters, for the middle of a scenario's list. ENDS: "none|a|b|both", or with other words for
 * the two. */
#define CHIMNEY_PARAMS(ENDS)                                                              \
	{"chimney", "none", ENDS, "whose TCP connections the switch runs"},               \
		{"upload", "0", "0|10..10000",                                            \
		 "ms after which it gives all back, and takes them anew; 0: never"},      \
		{"spin", "50", "0..10000",                                                \
		 "us that a program on such a connection looks again before it sleeps"},  \
		{"loss", "0", "0|0.001..50", "percent of the frames to b that are lost"}, \
	{                                                                                 \
		"rtt", "0", "0|0.01..1000", "ms that frames to b take longer"             \
	}

struct chimney {
	bool a, b;		/* are the connections of this end run by the switch? */
	unsigned int expected;	/* connections with the switch, of both ends */
	unsigned int upload_ms; /* 0: never */
	char socket[128];
	struct system_chimney before; /* the sample */
};

/* Adds to the wiring what the cell asks for. 0; -EINVAL: parameters that do not go together. */
int chimney_wire(const struct cell *cell, struct wiring *w, struct err *e);

/* Reads the cell. connections: between the two ends. */
void chimney_open(const struct subject *s, unsigned int connections, struct chimney *c);

/* flued's socket for the programs of an end; NULL: its connections stay with the kernel. */
const char *chimney_of_a(const struct chimney *c);
const char *chimney_of_b(const struct chimney *c);

/* Around each sample. begin waits until the connections are with the switch, as long as they may
 * take, and lets the window give them back where that is wanted. end spoils the sample when they
 * were not there, or not all the time. 0 or a negative errno. */
int chimney_begin(const struct subject *s, struct chimney *c, struct window *w, struct err *e);
int chimney_end(const struct subject *s, const struct chimney *c, struct sample *sample,
		struct err *e);

/* What speaks against a sample between the two; false: nothing. Pure. */
bool chimney_wrong(const struct chimney *c, const struct system_chimney *after, char *why,
		   size_t size);

#endif
