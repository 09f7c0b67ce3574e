/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text in aligned columns for a terminal. What comes from a file cannot do more than be printed:
 * control characters become '?'. Any thread.
 */
#ifndef BENCH_REPORT_GRID_H
#define BENCH_REPORT_GRID_H

#include <stddef.h>
#include <stdio.h>

struct grid;

enum { GRID_COLUMNS = 8 };

/* heads: one a column, n of them; a head that begins with '>' makes a column of figures, which
 * stand to the right. NULL: no memory. */
struct grid *grid_new(const char *const *heads, size_t n);
/* Adds a row of n texts. What there is no memory for is left out. */
void grid_row(struct grid *g, const char *const *texts);
/* Prints it, at most `width` characters wide: the widest columns of words are cut until it fits,
 * and only then those of figures.
 * Columns with nothing but their head are left out. */
void grid_print(const struct grid *g, FILE *f, size_t width);
void grid_free(struct grid *g); /* NULL: nothing */

/* A text on lines of at most `width` characters, those after the first indented by two. */
void grid_wrap(FILE *f, const char *text, size_t width);

#endif
