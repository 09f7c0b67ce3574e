/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of flue-bench: what was asked for, and what it has so far. Main thread, in the sandbox. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "bench/cells.h"
#include "bench/progress.h"
#include "bench/results.h"

struct run_options {
	const struct scenario *scenario;
	struct cells cells;
	char *systems[RESULTS_SYSTEMS - 1]; /* as written: the first, then those of --vs */
	size_t n_systems;
	unsigned int min_rounds, max_rounds;
	double confidence;     /* half of an interval, of its middle: enough is known */
	double budget_seconds; /* of the whole run; 0: none */
	struct run_limits limits;
	bool json;
	const char *out; /* directory for the run's file */
	int argc;
	char **argv; /* the command line, for the file */
};

/* A system that takes part. */
struct entry {
	const struct bench_system *system; /* NULL in a scenario without rigs */
	char name[56];			   /* "flue", "flue#2", "flue:flows=1" */
	char file_name[24];		   /* the same for files and namespaces: "flue", "flue-2" */
	const char *written;		   /* with its own parameters, if it has any */
	bool ceiling;
};

struct session {
	const struct run_options *options;
	struct entry entries[RESULTS_SYSTEMS];
	size_t n_entries;
	uint64_t load_cpus, worker_cpus;
	bool huge_pages;
	json_t *run; /* what becomes the file */
	struct progress progress;
	uint64_t began_ns;
	bool partial;
};

/* Was Ctrl-C pressed (or SIGTERM sent)? A second one ends flue-bench at once. Any thread. */
bool session_interrupted(void);
void session_catch_signals(void);

/* Measures one cell and adds what came of it to s->run. Trouble with a system is recorded there,
 * and the others go on. until_ns: when the cell should be done (it takes min_rounds all the same);
 * 0: when enough is known. */
void rounds_run(struct session *s, size_t cell, uint64_t until_ns);

#endif
