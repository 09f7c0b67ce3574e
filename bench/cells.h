/* SPDX-License-Identifier: BSD-3-Clause */
/* From KEY VALUE words to the cells of a run: one for each combination of values. Main thread. */
#ifndef BENCH_CELLS_H
#define BENCH_CELLS_H

#include "base/err.h"
#include "bench/scenario.h"

enum { CELLS_MAX = 256 };

struct cells {
	size_t n;
	struct cell cell[CELLS_MAX];
};

/* words: KEY VALUE KEY VALUE…; a value may be a list with commas. Parameters that are not named
 * have their defaults. 0, or -EINVAL naming what is wrong and what may stand there. */
int cells_make(const struct scenario *scenario, char **words, size_t n_words, struct cells *cells,
	       struct err *e);
void cells_free(struct cells *cells);

/* How a system is written: its name, then parameters of its own ("flue:flows=1:both=off"). Bytes of
 * the name alone. */
size_t cells_name_length(const char *system);

/* Sets the parameters that a system was written with, in params (NULL: only looks). 0, or -EINVAL
 * as cells_make(). */
int cells_change(const struct scenario *scenario, const char *system, json_t *params,
		 struct err *e);

/* Has the parameter its default in all cells? false also where there is no such parameter. */
bool cells_at_default(const struct cells *cells, const char *name);

/* "size 64 flows 1k", for people; text of the cell's parameters that differ between cells (all when
 * `whole`). */
void cells_title(const struct cells *cells, size_t i, bool whole, char *text, size_t size);

#endif
