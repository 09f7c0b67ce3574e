/* SPDX-License-Identifier: BSD-3-Clause */
/* Text from JSON. What is absent is shown as "-"; control characters as "?". */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include "base/json.h"

#include <stdio.h>

struct column {
	const char *title;
	const char *key;      /* the member of each row */
	const char *yes, *no; /* how true and false are said; NULL: on, off */
};

/* A table with a title line, as wide as its cells; numbers to the right. Columns end with a NULL
 * title. rows: a list of objects. */
void render_table(FILE *out, const struct column *columns, const json_t *rows);

/* A line of text after `before`. */
void render_line(FILE *out, const char *before, const char *text);

/* "key  value" lines of an object, indented. skip: a NULL-ended list of members left out; or NULL.
 */
void render_members(FILE *out, const json_t *object, int indent, const char *const *skip);

/* A value as text: lists with commas. The caller frees it; never NULL. */
char *render_value(const json_t *value, const char *yes, const char *no);

#endif
