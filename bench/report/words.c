/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/words.h"
#include "bench/report/chart.h"
#include "bench/report/units.h"

#include "base/json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A sentence being written. */
struct line {
	FILE *f;
	char *text;
	size_t size;
};

static bool line_begin(struct line *l)
{
	*l = (struct line){0};
	l->f = open_memstream(&l->text, &l->size);
	return l->f != NULL;
}

static void line_end(struct line *l, json_t *lines, const char *kind)
{
	if (fclose(l->f) == 0)
		json_array_append_new(lines, json_pack("[s,s]", kind, l->text));
	free(l->text);
}

void words_change(char *out, size_t size, double ratio)
{
	double percent = 100 * fabs(ratio - 1);

	if (ratio >= 2)
		snprintf(out, size, "%.*f times as high", ratio < 10 ? 1 : 0, ratio);
	else if (percent < 0.05)
		snprintf(out, size, "the same");
	else
		snprintf(out, size, "%.*f %% %s", percent < 10 ? 1 : 0, percent,
			 ratio > 1 ? "higher" : "lower");
}

static bool bound(const json_t *comparison, const char *side)
{
	const json_t *list = json_object_get(comparison, "bound");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (!strcmp(json_string_value(json_array_get(list, i)), side))
			return true;
	return false;
}

static const char *verdict_of(const json_t *comparison)
{
	return json_get_str(comparison, "verdict", "cannot tell");
}

/* What a limit of the load does to the figure: it hides more on the side that is limited. */
static void bound_words(FILE *f, const json_t *c, bool lower_better)
{
	bool a = bound(c, "a"), b = bound(c, "b"), faster = !strcmp(verdict_of(c), "faster");
	const char *held = json_get_str(c, a ? "a" : "b", "");

	if (!a && !b)
		return;
	if (a && b)
		fputs(" Both took all the generator could offer: how they compare is not known.",
		      f);
	else if (!lower_better && a == faster && strcmp(verdict_of(c), "cannot tell") != 0)
		fprintf(f, " %s took all the generator could offer: the difference may be larger.",
			held);
	else
		fprintf(f,
			" %s took all the generator could offer: its figure is the generator's, "
			"not its own.",
			held);
}

void words_comparison(FILE *f, const json_t *c, const char *cell, bool lower_better)
{
	const char *a = json_get_str(c, "a", ""), *b = json_get_str(c, "b", "");
	const char *verdict = verdict_of(c);
	double ratio = chart_number(c, "ratio"), lo, hi;
	char change[64], from[64], to[64];

	if (!strcmp(verdict, "cannot tell"))
		fprintf(f, "Whether %s or %s is faster cannot be told: ", a, b);
	else
		fprintf(f, "%s is %s than %s: ", a, verdict, b);
	fputs(json_get_str(c, "metric", ""), f);
	if (isnan(ratio)) {
		fputs(" has no ratio", f);
	} else {
		words_change(change, sizeof(change), ratio);
		fprintf(f, " %s", change);
		if (chart_range(c, "ci95", &lo, &hi)) {
			words_change(from, sizeof(from), lo);
			words_change(to, sizeof(to), hi);
			fprintf(f, " (95 %% interval: %s to %s)", from, to);
		} else {
			fputs(" (too few pairs for an interval)", f);
		}
	}
	fprintf(f, "%s%s.", cell[0] ? ", " : "", cell);
	bound_words(f, c, lower_better);
}

/* How often one system did how against another. */
struct tally {
	const char *a, *b;
	size_t metric, total, faster, slower, open, bound;
	double faster_lo, faster_hi, slower_lo, slower_hi; /* the ratios' range */
	const json_t *last;
	size_t last_cell;
};

enum { TALLIES = 128 };

static struct tally *find(struct tally *t, size_t *n, const char *a, const char *b, size_t metric)
{
	for (size_t i = 0; i < *n; i++)
		if (t[i].metric == metric && !strcmp(t[i].a, a) && !strcmp(t[i].b, b))
			return &t[i];
	if (*n == TALLIES)
		return NULL;
	t[*n] = (struct tally){.a = a, .b = b, .metric = metric};
	return &t[(*n)++];
}

static void widen(double ratio, bool first, double *lo, double *hi)
{
	*lo = first ? ratio : fmin(*lo, ratio);
	*hi = first ? ratio : fmax(*hi, ratio);
}

static void count(struct tally *t, const json_t *c, size_t cell)
{
	double ratio = chart_number(c, "ratio");

	if (!strcmp(verdict_of(c), "faster"))
		widen(ratio, t->faster++ == 0, &t->faster_lo, &t->faster_hi);
	else if (!strcmp(verdict_of(c), "slower"))
		widen(ratio, t->slower++ == 0, &t->slower_lo, &t->slower_hi);
	else
		t->open++;
	t->bound += bound(c, "a") || bound(c, "b");
	t->total++;
	t->last = c;
	t->last_cell = cell;
}

static size_t count_all(const struct view_scenario *s, struct tally *t)
{
	size_t n = 0;

	for (size_t run = 0; run < s->view->n_runs; run++) {
		const json_t *list = json_object_get(s->view->runs[run], "comparisons");

		if (strcmp(json_get_str(s->view->runs[run], "scenario", ""), s->name) != 0)
			continue;
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *c = json_array_get(list, i);
			size_t cell = view_cell(s, json_object_get(c, "params"));
			size_t metric = view_metric(s, json_get_str(c, "metric", ""));
			struct tally *one;

			if (cell == SIZE_MAX || metric == SIZE_MAX || s->latest[cell] != run)
				continue;
			one = find(t, &n, json_get_str(c, "a", ""), json_get_str(c, "b", ""),
				   metric);
			if (one)
				count(one, c, cell);
		}
	}
	return n;
}

static void say_part(FILE *f, const char *what, size_t n, double lo, double hi, bool *first)
{
	if (!n)
		return;
	fprintf(f, "%s%s in %zu", *first ? "" : ", ", what, n);
	if (hi - lo < 0.005)
		fprintf(f, " (ratio %.3g)", hi);
	else
		fprintf(f, " (ratio %.3g to %.3g)", lo, hi);
	*first = false;
}

static void say_tally(const struct view_scenario *s, const struct tally *t, json_t *lines)
{
	const struct view_metric *m = &s->metrics[t->metric];
	const char *kind = t->faster == t->total   ? "faster"
			   : t->slower == t->total ? "slower"
			   : t->open == t->total   ? "open"
						   : "mixed";
	bool first = true;
	struct line l;

	if (!line_begin(&l))
		return;
	if (t->total == 1) {
		words_comparison(l.f, t->last, s->labels[t->last_cell], m->lower_better);
	} else {
		fprintf(l.f, "%s against %s, %s, in %zu cells: ", t->a, t->b, m->name, t->total);
		say_part(l.f, "faster", t->faster, t->faster_lo, t->faster_hi, &first);
		say_part(l.f, "slower", t->slower, t->slower_lo, t->slower_hi, &first);
		if (t->open)
			fprintf(l.f, "%scannot tell in %zu", first ? "" : ", ", t->open);
		fputc('.', l.f);
		if (t->bound)
			fprintf(l.f,
				" In %zu of them the generator was the limit: those ratios are "
				"not the systems' own.",
				t->bound);
	}
	line_end(&l, lines, kind);
}

static bool is_current(const struct view_scenario *s, const struct view_entry *e)
{
	return e->run == s->latest[e->cell] && !e->ceiling && e->metric != SIZE_MAX;
}

/* The cells in which a limit of the load made a system's figure. */
static void say_bound_of(const struct view_scenario *s, size_t system, size_t metric, FILE *f,
			 bool *any)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];

		if (!is_current(s, e) || e->system != system || e->metric != metric ||
		    !json_object_get(e->result, "bound"))
			continue;
		if (!n++)
			fprintf(f, "%s%s, %s", *any ? "; " : "", s->view->systems[system].name,
				s->metrics[metric].name);
		if (s->labels[e->cell][0])
			fprintf(f, "%s%s", n == 1 ? " (" : "; ", s->labels[e->cell]);
		else
			n = 0;
		*any = true;
	}
	if (n)
		fputc(')', f);
}

static void say_bound(const struct view_scenario *s, json_t *lines)
{
	bool any = false;
	struct line l;

	for (size_t i = 0; i < s->n_entries && !any; i++)
		any = is_current(s, &s->entries[i]) &&
		      json_object_get(s->entries[i].result, "bound");
	if (!any || !line_begin(&l))
		return;
	fputs("Held back by the generator, so that only a lower limit of the system's own speed "
	      "is known: ",
	      l.f);
	any = false;
	for (size_t system = 0; system < s->view->n_systems; system++)
		for (size_t metric = 0; metric < s->n_metrics; metric++)
			say_bound_of(s, system, metric, l.f, &any);
	fputc('.', l.f);
	line_end(&l, lines, "bound");
}

static void say_bands(const struct view_scenario *s, json_t *lines)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];
		char low[64], high[64];
		double lo, hi;
		struct line l;

		if (!is_current(s, e) || !chart_range(e->result, "bands", &lo, &hi) ||
		    !line_begin(&l))
			continue;
		unit_value(low, sizeof(low), lo, s->metrics[e->metric].unit);
		unit_value(high, sizeof(high), hi, s->metrics[e->metric].unit);
		fprintf(l.f,
			"The values of %s, %s%s%s, fall into two bands, around %s and %s: the "
			"median hides one of them (marked with *).",
			s->view->systems[e->system].name, s->metrics[e->metric].name,
			s->labels[e->cell][0] ? ", " : "", s->labels[e->cell], low, high);
		line_end(&l, lines, "warn");
	}
}

static void say_figure(const struct view_scenario *s, const struct view_entry *e, json_t *lines)
{
	const char *unit = s->metrics[e->metric].unit;
	double median = chart_number(e->result, "median"), lo, hi;
	char value[64], from[64], to[64];
	struct line l;

	if (!line_begin(&l))
		return;
	unit_value(value, sizeof(value), median, unit);
	fprintf(l.f, "%s, %s: %s", s->view->systems[e->system].name, s->metrics[e->metric].name,
		value);
	if (chart_range(e->result, "ci95", &lo, &hi)) {
		unit_value(from, sizeof(from), lo, unit);
		unit_value(to, sizeof(to), hi, unit);
		fprintf(l.f, " (95 %% interval: %s to %s)", from, to);
	}
	fprintf(l.f, "%s%s.", s->labels[e->cell][0] ? ", " : "", s->labels[e->cell]);
	line_end(&l, lines, "plain");
}

/* Where nothing was compared, the figures themselves, if they are few. */
static void say_figures(const struct view_scenario *s, json_t *lines)
{
	enum { FEW = 6 };
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < s->n_entries && n <= FEW; i++) {
			const struct view_entry *e = &s->entries[i];

			if (!is_current(s, e) || s->metrics[e->metric].informal ||
			    json_object_get(e->result, "bound") ||
			    !json_object_get(e->result, "median"))
				continue;
			if (pass)
				say_figure(s, e, lines);
			else
				n++;
		}
	}
}

json_t *words_scenario(const struct view_scenario *s)
{
	struct tally *t = calloc(TALLIES, sizeof(*t));
	json_t *lines = json_array();
	size_t n;

	if (!t || !lines) {
		free(t);
		json_decref(lines);
		return NULL;
	}
	n = count_all(s, t);
	for (size_t i = 0; i < n; i++)
		say_tally(s, &t[i], lines);
	free(t);
	if (!n)
		say_figures(s, lines);
	say_bound(s, lines);
	say_bands(s, lines);
	return lines;
}
