/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of a report: what the pictures show, as numbers, and what no picture shows. Any
 * thread. */
#ifndef BENCH_REPORT_TABLE_H
#define BENCH_REPORT_TABLE_H

#include "bench/report/view.h"

#include <stdio.h>

/* The machines of the runs, a row a property; what differs between runs is marked. */
void table_machine(FILE *f, const struct view *v);
/* A sentence naming what differs, where anything does. */
void table_differences(FILE *f, const struct view *v);

/* The systems and their versions. */
void table_systems(FILE *f, const struct view *v);

/* Every figure; every comparison. Each behind a <details>. */
void table_results(FILE *f, const struct view_scenario *s);
void table_comparisons(FILE *f, const struct view_scenario *s);

/* Invalid samples and trials with their reasons; what could not be measured, and why. They write
 * nothing where there is none. */
void table_invalid(FILE *f, const struct view_scenario *s);
void table_refused(FILE *f, const struct view_scenario *s);

#endif
