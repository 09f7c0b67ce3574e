/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pictures of a report. Each is drawn twice, for wide and for narrow screens; the style sheet
 * shows the one that fits. Each says by its *_has() whether there is anything to draw; the numbers
 * stand in tables as well (table.h). Any thread.
 */
#ifndef BENCH_REPORT_CHART_H
#define BENCH_REPORT_CHART_H

#include "bench/report/view.h"

#include <stdio.h>

struct chart {
	FILE *out;
	const struct view_scenario *s;
	double width;	      /* CHART_WIDE or CHART_NARROW */
	const char *class;    /* of the picture: "wide" or "narrow" */
	unsigned int *serial; /* counts the page's pictures */
};

enum { CHART_WIDE = 760, CHART_NARROW = 340 };

/* A metric over all cells: a bar a system, with its interval, its trials and the load's ceiling. */
bool chart_bars_has(const struct view_scenario *s, size_t metric);
void chart_bars(const struct chart *c, size_t metric, size_t unused);

/* The ratios of a metric against the first system, with their intervals, beside 1. */
bool chart_ratio_has(const struct view_scenario *s, size_t metric);
void chart_ratio(const struct chart *c, size_t metric, size_t unused);

/* Loss against load, with where the search ended. */
bool chart_loss_has(const struct view_scenario *s, size_t cell);
void chart_loss(const struct chart *c, size_t cell, size_t unused);

/* Latency against percentile: a picture for each share of the load. */
bool chart_latency_has(const struct view_scenario *s, size_t cell);
void chart_latency(const struct chart *c, size_t cell, size_t unused);

/* Cycles a packet, by stage. */
bool chart_stages_has(const struct view_scenario *s, size_t cell);
void chart_stages(const struct chart *c, size_t cell, size_t unused);

/* A metric of a cell over several runs. */
bool chart_history_has(const struct view_scenario *s, size_t cell, size_t metric);
void chart_history(const struct chart *c, size_t cell, size_t metric);

/* Shared: the class of a system's colour ("s3"), the data of a raw item that counts, and numbers of
 * a [lo, hi]. */
const char *chart_colour(const struct view_scenario *s, size_t system);
const json_t *chart_data(const struct view_scenario *s, const struct view_raw *r, size_t cell,
			 const char *list);
bool chart_range(const json_t *obj, const char *key, double *lo, double *hi);
double chart_number(const json_t *obj, const char *key); /* NAN when absent */

#endif
