/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/label.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool same_in_all(const json_t *const *cells, size_t n, const char *key, const json_t *value)
{
	for (size_t i = 0; i < n; i++)
		if (!json_equal(json_object_get(cells[i], key), value))
			return false;
	return true;
}

enum which { ALL, DIFFERENT, SAME };

static char *label(const json_t *params, const json_t *const *cells, size_t n, enum which which)
{
	char *text = NULL;
	size_t size, parts = 0;
	FILE *f = open_memstream(&text, &size);
	const char *key;
	json_t *value;

	if (!f)
		return NULL;
	json_object_foreach ((json_t *)params, key, value) {
		if (which != ALL && same_in_all(cells, n, key, value) != (which == SAME))
			continue;
		fprintf(f, "%s%s %s", parts++ ? ", " : "", key, json_string_value(value));
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *label_params(const json_t *params)
{
	return label(params, NULL, 0, ALL);
}

char *label_cell(const json_t *const *cells, size_t n, size_t i)
{
	return label(cells[i], cells, n, DIFFERENT);
}

char *label_common(const json_t *const *cells, size_t n)
{
	return label(n ? cells[0] : NULL, cells, n, SAME);
}
