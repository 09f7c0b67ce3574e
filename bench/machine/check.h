/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of machine_check() share. */
#ifndef BENCH_MACHINE_CHECK_H
#define BENCH_MACHINE_CHECK_H

#include <jansson.h>
#include <stdbool.h>

/* Adds a row. why and cure matter when it is not ok; NULL leaves them out. */
void check_row(json_t *rows, const char *name, bool ok, const char *why, const char *cure,
	       const char *found, ...) __attribute__((format(printf, 6, 7)));

/* The processors: cores, threads, frequency, isolation, clock, mitigations. */
void check_cpus(json_t *rows);
/* Memory: huge pages, swap, merging. */
void check_memory(json_t *rows);
/* Who else is there: load, steal, irqbalance. Takes a second. */
void check_others(json_t *rows);
/* Programs to compare with. */
void check_peers(json_t *rows);

#endif
