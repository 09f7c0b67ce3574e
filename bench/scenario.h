/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scenario: what is measured. One file each, listed in scenario.c. The engine (rounds.c) starts
 * the systems, calls a scenario for one sample at a time in the order that is fair, repeats what
 * was disturbed, decides when enough is known, and compares. A scenario only takes samples. Main
 * thread of flue-bench, inside its sandbox.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "base/err.h"
#include "base/hist.h"
#include "bench/machine/watch.h"
#include "bench/system/system.h"

#include <jansson.h>
#include <stdbool.h>

/* A parameter of a scenario. A list of values on the command line (`size 64,1518`) makes a cell of
 * each combination. */
struct scenario_param {
	const char *name;
	const char *def;    /* as text; may be a list */
	const char *values; /* what it may be: "64..9018|imix|64k", "on|off", "1..1000000" */
	const char *help;
};

/* One combination of parameters. */
struct cell {
	const struct scenario *scenario;
	json_t *params; /* {"size":"64","flows":"1"}: as text, every parameter of the scenario */
};
const char *cell_text(const struct cell *cell, const char *name);
double cell_number(const struct cell *cell, const char *name); /* 1k, 100k, 64k: with suffix */
bool cell_on(const struct cell *cell, const char *name);       /* "on" */

enum { SAMPLE_VALUES = 24 };

struct sample_value {
	const char *metric; /* as "throughput"; static text */
	const char *unit;   /* as "pps" */
	bool lower_better;
	bool informal; /* printed and kept, not compared */
	double value;
};

struct sample {
	bool valid;
	char why[160]; /* when not */
	size_t n;
	struct sample_value values[SAMPLE_VALUES];
	json_t *raw; /* what it was made of: trials, histograms; a new reference or NULL */
};

/* Adds a value. */
void sample_add(struct sample *s, const char *metric, const char *unit, bool lower_better,
		double value);
void sample_inform(struct sample *s, const char *metric, const char *unit, double value);
/* A percentile of durations in nanoseconds, where there are enough of them to tell it. */
void sample_percentile(struct sample *s, const struct hist *h, const char *metric, double percent,
		       bool informal);
/* Marks it as not to be counted. */
void sample_spoil(struct sample *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a run allows, from the command line. */
struct run_limits {
	struct watch_limits watch;
	double seconds;	      /* of a trial or a window; 0: the scenario's */
	unsigned int retries; /* an invalid trial is repeated so often */
};

/* One system in one cell: what samples are taken from. */
struct subject {
	const struct cell *cell;
	struct rig *rig;  /* NULL for scenarios without rig */
	const char *name; /* the system's: "flue", "flue#2" */
	const struct run_limits *limits;
	uint64_t load_cpus; /* processors for the load */
	void *state;	    /* the scenario's */
	/* Tells the progress line what is going on ("64 B 5.1 to 5.4 Mpps, trial 7"). */
	void (*say)(struct subject *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
	/* Was the user's Ctrl-C seen? A long sample should end early, and spoil itself. */
	bool (*interrupted)(void);
};

struct scenario {
	const char *name, *what;
	const struct scenario_param *params; /* ends with a NULL name */
	const char *systems; /* names that make sense: "flue testpmd testpmd-mac ovs-dpdk" */
	const char *ceiling; /* the system that shows the load's own limit: "mirror", "veth"; NULL:
				none */
	/* A parameter that must have its default in all cells for the ceiling to be one: with
	 * another value the load can do more, or other things, than the ceiling shows. NULL: none
	 */
	const char *ceiling_unless;
	const char
		*floor_metric; /* a metric where lower is better that has such a limit too; NULL */
	bool watches; /* it watches the machine itself, and repeats trials; else the engine does,
			 for each sample */
	bool rigless; /* no system is started: `systems` name things inside (engine) */

	/* The wiring of a cell: everything but processors. NULL for rigless ones. -EINVAL:
	 * parameters that do not go together, with the reason. */
	int (*wire)(const struct cell *cell, struct wiring *w, struct err *e);
	/* Makes ready to take samples: end points, learning, first guesses. */
	int (*open)(struct subject *s, struct err *e);
	/* One sample. A negative errno ends the system's part in this cell, with the reason. */
	int (*sample)(struct subject *s, struct sample *sample, struct err *e);
	void (*close)(struct subject *s);
	/* Freezes what the scenario itself started for the subject (a target, a server) while
	 * others are measured; NULL: nothing to freeze. */
	int (*freeze)(struct subject *s, bool freeze, struct err *e);
};

extern const struct scenario *const bench_scenarios[];
const struct scenario *scenario_find(const char *name); /* by name; NULL: none */

#endif
