/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/grid.h"
#include "bench/report/out.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, LEAST = 8 };

struct grid {
	size_t n;
	bool right[GRID_COLUMNS];
	json_t *rows; /* the heads are the first */
};

static const char *text_at(const json_t *row, size_t column)
{
	const char *text = json_string_value(json_array_get(row, column));

	return text ? text : "";
}

struct grid *grid_new(const char *const *heads, size_t n)
{
	const char *names[GRID_COLUMNS];
	struct grid *g = calloc(1, sizeof(*g));

	if (!g || n > GRID_COLUMNS) {
		free(g);
		return NULL;
	}
	g->n = n;
	g->rows = json_array();
	for (size_t i = 0; i < n; i++) {
		g->right[i] = heads[i][0] == '>';
		names[i] = heads[i] + g->right[i];
	}
	grid_row(g, names);
	return g;
}

void grid_row(struct grid *g, const char *const *texts)
{
	json_t *row = json_array();

	for (size_t i = 0; i < g->n; i++)
		json_array_append_new(row, json_string(texts[i]));
	json_array_append_new(g->rows, row);
}

/* No line may begin, and no terminal be told anything, by a text. C1 controls are two bytes. */
static void print_plain(FILE *f, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f) {
			putc('?', f);
		} else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) {
			putc('?', f);
			c++;
		} else {
			putc(*c, f);
		}
	}
}

static void pad(FILE *f, size_t n)
{
	while (n--)
		putc(' ', f);
}

static size_t total_of(const size_t *widths, size_t n)
{
	size_t total = 0;

	for (size_t c = 0; c < n; c++)
		total += widths[c] ? widths[c] + GAP : 0;
	return total;
}

/* The widest column that may still be cut; GRID_COLUMNS: there is none. */
static size_t widest_of(const struct grid *g, const size_t *widths, bool figures)
{
	size_t widest = GRID_COLUMNS;

	for (size_t c = 0; c < g->n; c++)
		if (widths[c] > LEAST && (figures || !g->right[c]) &&
		    (widest == GRID_COLUMNS || widths[c] > widths[widest]))
			widest = c;
	return widest;
}

static void measure(const struct grid *g, size_t *widths, size_t most)
{
	json_t *row;
	size_t i;

	for (size_t c = 0; c < g->n; c++) {
		bool filled = false;

		widths[c] = 0;
		json_array_foreach (g->rows, i, row) {
			size_t length = out_length(text_at(row, c));

			filled |= i > 0 && length > 0;
			widths[c] = length > widths[c] ? length : widths[c];
		}
		if (!filled)
			widths[c] = 0;
	}
	/* Words give way before figures do. */
	for (bool figures = false;; figures = true) {
		while (total_of(widths, g->n) > most + GAP) {
			size_t widest = widest_of(g, widths, figures);

			if (widest == GRID_COLUMNS)
				break;
			widths[widest]--;
		}
		if (figures)
			return;
	}
}

void grid_print(const struct grid *g, FILE *f, size_t width)
{
	size_t widths[GRID_COLUMNS] = {0}, i;
	json_t *row;

	measure(g, widths, width);
	json_array_foreach (g->rows, i, row) {
		size_t owed = 0; /* spaces are written when something follows them */

		for (size_t c = 0; c < g->n; c++) {
			char cut[4 * 128 + 4];
			size_t length;

			if (!widths[c])
				continue;
			out_cut(cut, sizeof(cut), text_at(row, c),
				widths[c] < 128 ? widths[c] : 128);
			length = out_length(cut);
			if (g->right[c])
				owed += widths[c] - length;
			if (length) {
				pad(f, owed);
				owed = 0;
				print_plain(f, cut);
			}
			owed += GAP + (g->right[c] ? 0 : widths[c] - length);
		}
		putc('\n', f);
	}
}

void grid_free(struct grid *g)
{
	if (!g)
		return;
	json_decref(g->rows);
	free(g);
}

void grid_wrap(FILE *f, const char *text, size_t width)
{
	size_t column = 0;

	while (*text) {
		size_t bytes = strcspn(text, " "), length = 0;
		char word[256];

		if (bytes >= sizeof(word))
			bytes = sizeof(word) - 1;
		memcpy(word, text, bytes);
		word[bytes] = '\0';
		length = out_length(word);
		if (column && column + 1 + length > width) {
			fputs("\n  ", f);
			column = 2;
		} else if (column) {
			putc(' ', f);
			column++;
		}
		print_plain(f, word);
		column += length;
		text += bytes;
		text += *text == ' ';
	}
	putc('\n', f);
}
