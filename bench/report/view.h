/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What several run files hold together, sorted for showing: scenarios, their cells (combinations of
 * parameters), metrics and systems, each with a number. Built once; borrows the runs. Any thread.
 */
#ifndef BENCH_REPORT_VIEW_H
#define BENCH_REPORT_VIEW_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { VIEW_COLOURS = 8 };

struct view_system {
	const char *name;
	unsigned int colour; /* below VIEW_COLOURS; the same in every page for systems we know */
};

struct view_metric {
	const char *name, *unit;
	bool lower_better, informal;
};

/* A figure, or an invalid one: metric is then SIZE_MAX. */
struct view_entry {
	size_t run, system, cell, metric;
	bool ceiling; /* of the system that shows the load's limit */
	const json_t *result;
};

/* An item of a run's "raw". */
struct view_raw {
	size_t run, system, cell;
	const json_t *raw;
};

struct view_scenario {
	const struct view *view;
	const char *name;
	size_t n_cells, n_metrics, n_entries, n_raw, n_runs;
	const json_t **cells; /* their "params" */
	char **labels;	      /* the cells in words, only what differs: "size 64, flows 1k" */
	char *common;	      /* what all cells have in common: "both off"; may be "" */
	size_t *latest;	      /* of each cell: the run its pictures are drawn from */
	struct view_metric *metrics;
	struct view_entry *entries;
	struct view_raw *raw;
};

struct view {
	size_t n_runs, n_systems, n_scenarios;
	const json_t **runs; /* by "started", the oldest first */
	struct view_system *systems;
	struct view_scenario *scenarios;
};

/* NULL: no memory. runs: as runfile_read() gives them. */
struct view *view_new(json_t *const *runs, size_t n);
void view_free(struct view *v);

/* The cell's figure in a run; NULL: there is none. */
const json_t *view_result(const struct view_scenario *s, size_t run, size_t system, size_t cell,
			  size_t metric);

/* How many runs hold a figure for this cell and metric. */
size_t view_history(const struct view_scenario *s, size_t cell, size_t metric);

/* The cell and metric by what a run calls them; SIZE_MAX: none. */
size_t view_cell(const struct view_scenario *s, const json_t *params);
size_t view_metric(const struct view_scenario *s, const char *name);
size_t view_system(const struct view *v, const char *name);

/* The cell's label; where there is but one cell all its parameters, or the scenario's name. */
const char *view_cell_name(const struct view_scenario *s, size_t cell);

#endif
