/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests: a scenario without systems, whose samples follow a script. */
#ifndef BENCH_FAKE_SCENARIO_H
#define BENCH_FAKE_SCENARIO_H

#include "bench/scenario.h"

enum fake_turn { FAKE_GOOD, FAKE_DISTURBED, FAKE_BROKEN, FAKE_CTRL_C };

struct fake_script {
	/* What the i-th call of sample does, and what it gives; the last entry stands for all
	 * after. */
	enum fake_turn (*turn)(unsigned int call, const char *system, double *value);
	unsigned int calls;
	char order[4096];  /* the systems' names in the order of their calls, with blanks */
	unsigned int open; /* subjects that are open now */
};

extern struct fake_script fake;
extern const struct scenario scenario_fake;

#endif
