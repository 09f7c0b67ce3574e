/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/render.h"
#include "bench/report/chart.h"
#include "bench/report/grid.h"
#include "bench/report/label.h"
#include "bench/report/units.h"
#include "bench/report/words.h"

#include "base/json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void heading(const struct view_scenario *s, const json_t *run, FILE *out)
{
	double seconds = json_number_value(json_object_get(run, "seconds"));
	char *text = NULL;

	if (asprintf(&text, "%s, %s, %.0f seconds%s%s%s", s->name, json_get_str(run, "started", ""),
		     seconds, s->common[0] ? "; in all cells: " : "", s->common,
		     json_get_bool(run, "partial", false)
			     ? "; PARTIAL: interrupted, this is what was known by then"
			     : "") >= 0)
		grid_wrap(out, text, RENDER_WIDTH);
	free(text);
}

/* "5.36 to 5.43", in the median's scale. */
static void interval_text(const json_t *r, const struct unit_scale *scale, char *out, size_t size)
{
	char a[48], b[48];
	double lo, hi;

	out[0] = '\0';
	if (!chart_range(r, "ci95", &lo, &hi))
		return;
	unit_digits(a, sizeof(a), lo * scale->factor);
	unit_digits(b, sizeof(b), hi * scale->factor);
	snprintf(out, size, "%s to %s", a, b);
}

static void add_note(char *out, size_t size, const char *note)
{
	size_t n = strlen(out);

	if (note[0])
		snprintf(out + n, size - n, "%s%s", n ? ", " : "", note);
}

static void notes_text(const struct view_entry *e, const struct unit_scale *scale, char *out,
		       size_t size)
{
	long long invalid = (long long)json_get_int(e->result, "invalid", 0);
	double ceiling = chart_number(e->result, "ceiling");
	char limit[96] = "", bad[48] = "";

	if (!isnan(ceiling)) {
		unit_digits(bad, sizeof(bad), ceiling * scale->factor);
		snprintf(limit, sizeof(limit), "generator-bound (%s)", bad);
	} else {
		snprintf(limit, sizeof(limit), "generator-bound");
	}
	snprintf(bad, sizeof(bad), "%lld invalid", invalid);
	out[0] = '\0';
	add_note(out, size, e->ceiling ? "ceiling" : "");
	add_note(out, size, json_object_get(e->result, "bound") ? limit : "");
	add_note(out, size, json_object_get(e->result, "bands") ? "two bands *" : "");
	add_note(out, size, invalid ? bad : "");
}

static void results(const struct view_scenario *s, FILE *out)
{
	static const char *const heads[] = {"cell", "system",	      "metric",	 ">median",
					    "",	    ">95 % interval", ">trials", "notes"};
	struct grid *g = grid_new(heads, 8);

	for (size_t i = 0; i < s->n_entries && g; i++) {
		const struct view_entry *e = &s->entries[i];
		double median = chart_number(e->result, "median");
		char value[64] = "", interval[112], notes[192], n[24], bound[80];
		struct unit_scale scale = {1, ""};

		if (e->metric != SIZE_MAX)
			unit_scale(s->metrics[e->metric].unit, isnan(median) ? 0 : median, &scale);
		if (!isnan(median))
			unit_digits(value, sizeof(value), median * scale.factor);
		snprintf(bound, sizeof(bound), "%s%s",
			 json_object_get(e->result, "bound") ? "≥ " : "", value);
		interval_text(e->result, &scale, interval, sizeof(interval));
		notes_text(e, &scale, notes, sizeof(notes));
		snprintf(n, sizeof(n), "%zu",
			 json_array_size(json_object_get(e->result, "trials")));
		grid_row(g, (const char *const[]){
				    s->labels[e->cell], s->view->systems[e->system].name,
				    e->metric == SIZE_MAX ? "(none)" : s->metrics[e->metric].name,
				    bound, scale.name, interval, n, notes});
	}
	if (g)
		grid_print(g, out, RENDER_WIDTH);
	grid_free(g);
}

static void comparisons(const struct view_scenario *s, const json_t *run, FILE *out)
{
	static const char *const heads[] = {"cell",	      "metric",	 "compared",	   ">ratio",
					    ">95 % interval", "verdict", "generator-bound"};
	const json_t *list = json_object_get(run, "comparisons");
	struct grid *g = json_array_size(list) ? grid_new(heads, 7) : NULL;

	for (size_t i = 0; i < json_array_size(list) && g; i++) {
		const json_t *c = json_array_get(list, i), *bound = json_object_get(c, "bound");
		size_t cell = view_cell(s, json_object_get(c, "params")),
		       n = json_array_size(bound);
		char ratio[48] = "", interval[96] = "", who[160];
		double lo, hi, mid = chart_number(c, "ratio");

		if (!isnan(mid))
			snprintf(ratio, sizeof(ratio), "%.3f", mid);
		if (chart_range(c, "ci95", &lo, &hi))
			snprintf(interval, sizeof(interval), "%.3f to %.3f", lo, hi);
		snprintf(who, sizeof(who), "%s ÷ %s", json_get_str(c, "a", ""),
			 json_get_str(c, "b", ""));
		grid_row(g,
			 (const char *const[]){
				 cell == SIZE_MAX ? "" : s->labels[cell],
				 json_get_str(c, "metric", ""), who, ratio, interval,
				 json_get_str(c, "verdict", ""),
				 n > 1 ? "both"
				 : n ? json_get_str(c, json_string_value(json_array_get(bound, 0)),
						    "")
				     : ""});
	}
	if (g) {
		putc('\n', out);
		grid_print(g, out, RENDER_WIDTH);
	}
	grid_free(g);
}

/* The sentences that warn; the others say what the tables say. */
static void warnings(const struct view_scenario *s, FILE *out)
{
	json_t *lines = words_scenario(s), *line;
	size_t i;

	json_array_foreach (lines, i, line) {
		const char *kind = json_string_value(json_array_get(line, 0));

		if (!strcmp(kind, "bound") || !strcmp(kind, "warn")) {
			putc('\n', out);
			grid_wrap(out, json_string_value(json_array_get(line, 1)), RENDER_WIDTH);
		}
	}
	json_decref(lines);
}

static void invalid(const struct view_scenario *s, FILE *out)
{
	json_t *seen = json_object(), *unused;
	const char *text;

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];
		const json_t *why = json_object_get(e->result, "invalid_why");

		for (size_t k = 0; k < json_array_size(why); k++) {
			char *line = NULL;

			if (asprintf(&line, "%s%s%s: %s", s->view->systems[e->system].name,
				     s->labels[e->cell][0] ? ", " : "", s->labels[e->cell],
				     json_string_value(json_array_get(why, k))) >= 0)
				json_object_set_new(seen, line, json_true());
			free(line);
		}
	}
	if (json_object_size(seen))
		fputs("\nInvalid, and not counted:\n", out);
	json_object_foreach (seen, text, unused)
		grid_wrap(out, text, RENDER_WIDTH);
	json_decref(seen);
}

static void refused(const json_t *run, FILE *out)
{
	const json_t *list = json_object_get(run, "refused");

	if (json_array_size(list))
		fputs("\nCould not be measured:\n", out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		char *params = label_params(json_object_get(item, "params")), *line = NULL;

		if (params && asprintf(&line, "%s%s%s%s: %s", json_get_str(item, "system", ""),
				       params[0] ? " (" : "", params, params[0] ? ")" : "",
				       json_get_str(item, "why", "")) >= 0)
			grid_wrap(out, line, RENDER_WIDTH);
		free(line);
		free(params);
	}
}

void report_text(const json_t *run, FILE *out)
{
	json_t *runs[] = {(json_t *)run};
	struct view *v = view_new(runs, 1);

	if (!v)
		return;
	heading(&v->scenarios[0], run, out);
	putc('\n', out);
	results(&v->scenarios[0], out);
	comparisons(&v->scenarios[0], run, out);
	warnings(&v->scenarios[0], out);
	invalid(&v->scenarios[0], out);
	refused(run, out);
	view_free(v);
}
