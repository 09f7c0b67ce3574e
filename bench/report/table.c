/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/table.h"
#include "bench/report/chart.h"
#include "bench/report/label.h"
#include "bench/report/out.h"
#include "bench/report/units.h"

#include "base/json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void head(FILE *f, const char *summary, const char *const *columns, size_t n)
{
	fputs("<details><summary>", f);
	out_text(f, summary);
	fputs("</summary><div class=\"scroll\"><table><thead><tr>", f);
	for (size_t i = 0; i < n; i++)
		out_element(f, "th scope=\"col\"", columns[i]);
	fputs("</tr></thead><tbody>\n", f);
}

static void foot(FILE *f)
{
	fputs("</tbody></table></div></details>\n", f);
}

static void cell_started(FILE *f, const struct view *v, size_t run)
{
	char text[24];

	if (v->n_runs < 2)
		return;
	snprintf(text, sizeof(text), "%.16s", json_get_str(v->runs[run], "started", ""));
	if (strlen(text) > 10 && text[10] == 'T')
		text[10] = ' ';
	out_element(f, "td", text);
}

static void cell_value(FILE *f, double value, const struct unit_scale *scale)
{
	char text[64] = "";

	if (!isnan(value))
		unit_digits(text, sizeof(text), value * scale->factor);
	out_element(f, "td class=\"n\"", text);
}

static void result_row(FILE *f, const struct view_scenario *s, const struct view_entry *e)
{
	const struct view_metric *m = &s->metrics[e->metric];
	double median = chart_number(e->result, "median"), lo = NAN, hi = NAN;
	struct unit_scale scale;
	char text[64], notes[128] = "";

	unit_scale(m->unit, isnan(median) ? 0 : median, &scale);
	fputs("<tr>", f);
	cell_started(f, s->view, e->run);
	out_element(f, "td", view_cell_name(s, e->cell));
	out_element(f, "td", s->view->systems[e->system].name);
	out_element(f, "td", m->name);
	cell_value(f, median, &scale);
	chart_range(e->result, "ci95", &lo, &hi);
	cell_value(f, lo, &scale);
	cell_value(f, hi, &scale);
	out_element(f, "td", scale.name);
	snprintf(text, sizeof(text), "%zu", json_array_size(json_object_get(e->result, "trials")));
	out_element(f, "td class=\"n\"", text);
	snprintf(text, sizeof(text), "%lld", (long long)json_get_int(e->result, "invalid", 0));
	out_element(f, "td class=\"n\"", text);
	cell_value(f, chart_number(e->result, "ceiling"), &scale);
	snprintf(notes, sizeof(notes), "%s%s%s%s", e->ceiling ? "the generator's own limit. " : "",
		 json_object_get(e->result, "bound") ? "generator-bound. " : "",
		 m->informal ? "not compared. " : "",
		 json_object_get(e->result, "bands") ? "two bands. " : "");
	out_element(f, "td", notes);
	fputs("</tr>\n", f);
}

void table_results(FILE *f, const struct view_scenario *s)
{
	static const char *const columns[] = {"run",	"cell",	   "system",  "metric",
					      "median", "from",	   "to",      "unit",
					      "trials", "invalid", "ceiling", "notes"};
	size_t skip = s->view->n_runs < 2;

	head(f, "All figures, with their 95 % intervals", columns + skip, 12 - skip);
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i].metric != SIZE_MAX)
			result_row(f, s, &s->entries[i]);
	foot(f);
}

static void comparison_row(FILE *f, const struct view_scenario *s, size_t run, const json_t *c)
{
	size_t cell = view_cell(s, json_object_get(c, "params"));
	const json_t *bound = json_object_get(c, "bound");
	double numbers[3] = {chart_number(c, "ratio"), NAN, NAN};
	char text[64];

	chart_range(c, "ci95", &numbers[1], &numbers[2]);
	fputs("<tr>", f);
	cell_started(f, s->view, run);
	out_element(f, "td", cell == SIZE_MAX ? "" : view_cell_name(s, cell));
	out_element(f, "td", json_get_str(c, "metric", ""));
	out_element(f, "td", json_get_str(c, "a", ""));
	out_element(f, "td", json_get_str(c, "b", ""));
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%.3f", numbers[i]);
		out_element(f, "td class=\"n\"", isnan(numbers[i]) ? "" : text);
	}
	out_element(f, "td", json_get_str(c, "verdict", ""));
	fputs("<td>", f);
	for (size_t i = 0; i < json_array_size(bound); i++)
		out_textf(f, "%s%s", i ? ", " : "",
			  json_get_str(c, json_string_value(json_array_get(bound, i)), ""));
	fputs("</td></tr>\n", f);
}

void table_comparisons(FILE *f, const struct view_scenario *s)
{
	static const char *const columns[] = {"run",	 "cell",	   "metric", "A",
					      "B",	 "A ÷ B",	   "from",   "to",
					      "verdict", "generator-bound"};
	size_t skip = s->view->n_runs < 2, total = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t run = 0; run < s->view->n_runs; run++) {
			const json_t *r = s->view->runs[run];
			const json_t *list = json_object_get(r, "comparisons");

			if (strcmp(json_get_str(r, "scenario", ""), s->name) != 0)
				continue;
			for (size_t i = 0; i < json_array_size(list); i++) {
				if (pass)
					comparison_row(f, s, run, json_array_get(list, i));
				total++;
			}
		}
		if (!total)
			return;
		if (!pass)
			head(f, "All comparisons, with their 95 % intervals", columns + skip,
			     10 - skip);
	}
	foot(f);
}
