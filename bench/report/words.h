/* SPDX-License-Identifier: BSD-3-Clause */
/* What a report says in sentences. Pure; any thread. */
#ifndef BENCH_REPORT_WORDS_H
#define BENCH_REPORT_WORDS_H

#include "bench/report/view.h"

#include <stdio.h>

/* A list of [kind, sentence], a new reference; NULL: no memory. Kinds: "faster", "slower", "open"
 * (cannot tell), "mixed", "plain" (a figure), "bound" (the load's limit), "warn". The sentences are
 * of each cell's latest run. A figure at the generator's limit is never called the system's. */
json_t *words_scenario(const struct view_scenario *s);

/* "21 % higher", "3 % lower", "2.3 times as high", "the same". */
void words_change(char *out, size_t size, double ratio);

/* A comparison of a run in one sentence. cell: the cell in words, may be "". */
void words_comparison(FILE *f, const json_t *comparison, const char *cell, bool lower_better);

#endif
