/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/render.h"

#include <stdlib.h>
#include <string.h>

/* What comes from packets and guests must not steer the terminal. */
static void put_text(FILE *out, const char *s)
{
	for (; *s; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, out);
}

void render_line(FILE *out, const char *before, const char *text)
{
	fputs(before, out);
	put_text(out, text);
	fputc('\n', out);
}

static void put_value(FILE *out, const json_t *v, const char *yes, const char *no)
{
	json_t *item;
	size_t i;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		put_text(out, *json_string_value(v) ? json_string_value(v) : "-");
		break;
	case JSON_INTEGER:
		fprintf(out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		fprintf(out, "%.2f", json_real_value(v));
		break;
	case JSON_TRUE:
		fputs(yes ? yes : "on", out);
		break;
	case JSON_FALSE:
		fputs(no ? no : "off", out);
		break;
	case JSON_NULL:
		fputc('-', out);
		break;
	case JSON_ARRAY:
		json_array_foreach (v, i, item) {
			fputs(i ? "," : "", out);
			put_value(out, item, yes, no);
		}
		fputs(i ? "" : "-", out);
		break;
	case JSON_OBJECT:
		json_dumpf(v, out, JSON_COMPACT);
		break;
	}
}

char *render_value(const json_t *v, const char *yes, const char *no)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort(); /* a command line that is out of memory has nothing left to say */
	put_value(out, v, yes, no);
	if (fclose(out) != 0)
		abort();
	return text;
}

static void put_cell(FILE *out, const char *text, int width, bool right, bool last)
{
	if (right)
		fprintf(out, "%*s", width, text);
	else
		fprintf(out, "%-*s", last ? 0 : width, text);
	fputs(last ? "\n" : "  ", out);
}

void render_table(FILE *out, const struct column *columns, const json_t *rows)
{
	int width[32] = {0};
	bool right[32] = {false};
	size_t n = 0, i;
	json_t *row;

	for (; columns[n].title; n++) {
		width[n] = (int)strlen(columns[n].title);
		json_array_foreach (rows, i, row) {
			const json_t *v = json_object_get(row, columns[n].key);
			char *text = render_value(v, columns[n].yes, columns[n].no);
			int len = (int)strlen(text);

			width[n] = len > width[n] ? len : width[n];
			right[n] |= json_is_number(v);
			free(text);
		}
	}
	for (size_t c = 0; c < n; c++)
		put_cell(out, columns[c].title, width[c], right[c], c + 1 == n);
	json_array_foreach (rows, i, row) {
		for (size_t c = 0; c < n; c++) {
			char *text = render_value(json_object_get(row, columns[c].key),
						  columns[c].yes, columns[c].no);

			put_cell(out, text, width[c], right[c], c + 1 == n);
			free(text);
		}
	}
}

static bool is_in(const char *name, const char *const *list)
{
	for (; list && *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

void render_members(FILE *out, const json_t *object, int indent, const char *const *skip)
{
	const char *name;
	int width = 0;
	json_t *v;

	json_object_foreach ((json_t *)object, name, v)
		if (!is_in(name, skip) && (int)strlen(name) > width)
			width = (int)strlen(name);
	json_object_foreach ((json_t *)object, name, v) {
		char *text;

		if (is_in(name, skip))
			continue;
		text = render_value(v, NULL, NULL);
		fprintf(out, "%*s%-*s  %s\n", indent, "", width, name, text);
		free(text);
	}
}
