/* SPDX-License-Identifier: BSD-3-Clause */
/* A system's place in a cell: started, sampled, frozen between its turns, ended. Main thread. */
#ifndef BENCH_SEAT_H
#define BENCH_SEAT_H

#include "bench/session.h"

struct seat {
	struct subject subject; /* first, so that the scenario's calls find the seat */
	struct session *session;
	const struct entry *entry;
	struct cell cell; /* with the entry's own parameters */
	bool open;
};

/* Starts the entry's system for the cell and opens the scenario's side of it; it is left frozen. On
 * failure nothing is left. 0 or a negative errno with e. */
int seat_open(struct seat *seat, struct session *session, const struct cell *cell,
	      const struct entry *entry, struct err *e);
void seat_close(struct seat *seat);

/* Takes a sample, again while it is disturbed and retries are left. Each try goes to the run's
 * "raw". 0: sample is valid, or says why not; a negative errno: this system cannot go on. */
int seat_sample(struct seat *seat, size_t round, struct sample *sample, struct err *e);

#endif
