/* SPDX-License-Identifier: BSD-3-Clause */
/* Cells in words. All return text that is the caller's, or NULL without memory. Any thread. */
#ifndef BENCH_REPORT_LABEL_H
#define BENCH_REPORT_LABEL_H

#include <jansson.h>
#include <stddef.h>

/* All parameters: "size 64, flows 1k". */
char *label_params(const json_t *params);

/* Of cells[i]: those that are not the same in all cells. */
char *label_cell(const json_t *const *cells, size_t n, size_t i);

/* Those that are. */
char *label_common(const json_t *const *cells, size_t n);

#endif
