/* SPDX-License-Identifier: BSD-3-Clause */
/* A run as text for a terminal, at most 100 columns wide. Any thread. */
#ifndef BENCH_REPORT_RENDER_H
#define BENCH_REPORT_RENDER_H

#include <jansson.h>
#include <stdio.h>

enum { RENDER_WIDTH = 100 };

/* Results with their intervals, comparisons with their verdicts, and what does not count or could
 * not be measured. run: as in docs/bench-file.md, with or without "raw". */
void report_text(const json_t *run, FILE *out);

#endif
