/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values of one cell, round by round, and what they say: medians, intervals, comparisons.
 * Pure. Main thread.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "bench/scenario.h"

enum { RESULTS_SYSTEMS = 8, RESULTS_ROUNDS = 64, RESULTS_SERIES = SAMPLE_VALUES };

/* A metric of a system. */
struct series {
	char metric[40], unit[16];
	bool lower_better, informal;
	bool have[RESULTS_ROUNDS];
	double value[RESULTS_ROUNDS];
};

struct results_system {
	const char *name;
	bool ceiling; /* it shows the load's own limit; it is not compared */
	size_t n_series;
	struct series series[RESULTS_SERIES];
	unsigned int invalid;
	json_t *invalid_why; /* each reason once */
};

struct results {
	const struct cell *cell;
	size_t n_systems; /* the first is the one the others are compared with */
	struct results_system system[RESULTS_SYSTEMS];
	size_t rounds; /* begun */
};

/* Takes a sample in: its values when it is valid, else its reason. */
void results_add(struct results *r, size_t system, size_t round, const struct sample *sample);
void results_clear(struct results *r);

/* Is each formal metric known to `within` of itself (half of the 95 % interval), and each ratio? */
bool results_settled(const struct results *r, double within);

/* Appends to the run's arrays "results" and "comparisons" (runfile.h). seed: of the bootstrap. */
void results_report(const struct results *r, uint64_t seed, json_t *run);

#endif
