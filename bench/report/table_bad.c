/* SPDX-License-Identifier: BSD-3-Clause */
/* What was measured and does not count, and what could not be measured. */
#include "bench/report/label.h"
#include "bench/report/out.h"
#include "bench/report/table.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* Counts by what is to be shown: the same reason in the same place is one row. */
static void note(json_t *rows, const char *system, const char *cell, const char *what,
		 const char *why)
{
	json_t *row, *n;
	size_t i;

	json_array_foreach (rows, i, row) {
		n = json_array_get(row, 4);
		if (!strcmp(json_string_value(json_array_get(row, 0)), system) &&
		    !strcmp(json_string_value(json_array_get(row, 1)), cell) &&
		    !strcmp(json_string_value(json_array_get(row, 2)), what) &&
		    !strcmp(json_string_value(json_array_get(row, 3)), why)) {
			json_integer_set(n, json_integer_value(n) + 1);
			return;
		}
	}
	json_array_append_new(rows, json_pack("[s,s,s,s,i]", system, cell, what, why, 1));
}

static void note_raw(const struct view_scenario *s, const struct view_raw *r, json_t *rows)
{
	const char *system = s->view->systems[r->system].name, *cell = view_cell_name(s, r->cell);
	const json_t *trials = json_object_get(json_object_get(r->raw, "data"), "trials");

	if (!json_get_bool(r->raw, "valid", true))
		note(rows, system, cell, "sample", json_get_str(r->raw, "why", "no reason given"));
	for (size_t i = 0; i < json_array_size(trials); i++) {
		const json_t *t = json_array_get(trials, i);

		if (!json_get_bool(t, "valid", true))
			note(rows, system, cell, "trial",
			     json_get_str(t, "why", "no reason given"));
	}
}

/* A file without "raw" tells the reasons with its results, the same for each metric. */
static void note_results(const struct view_scenario *s, size_t run, json_t *rows)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];
		const json_t *why = json_object_get(e->result, "invalid_why");
		bool told = false;

		for (size_t k = 0; k < i && !told; k++)
			told = s->entries[k].run == run && s->entries[k].system == e->system &&
			       s->entries[k].cell == e->cell;
		for (size_t k = 0; e->run == run && !told && k < json_array_size(why); k++)
			note(rows, s->view->systems[e->system].name, view_cell_name(s, e->cell),
			     "sample", json_string_value(json_array_get(why, k)));
	}
}

void table_invalid(FILE *f, const struct view_scenario *s)
{
	json_t *rows = json_array(), *row;
	size_t i;

	for (size_t run = 0; run < s->view->n_runs; run++) {
		bool has_raw = false;

		for (i = 0; i < s->n_raw; i++) {
			if (s->raw[i].run != run)
				continue;
			has_raw = true;
			note_raw(s, &s->raw[i], rows);
		}
		if (!has_raw)
			note_results(s, run, rows);
	}
	if (json_array_size(rows)) {
		fputs("<h3>Invalid, and not counted</h3>\n<div class=\"scroll\"><table><thead><tr>"
		      "<th scope=\"col\">system</th><th scope=\"col\">cell</th>"
		      "<th scope=\"col\">what</th><th scope=\"col\">times</th>"
		      "<th scope=\"col\">why</th></tr></thead><tbody>\n",
		      f);
		json_array_foreach (rows, i, row) {
			fputs("<tr>", f);
			for (size_t k = 0; k < 3; k++)
				out_element(f, "td", json_string_value(json_array_get(row, k)));
			fprintf(f, "<td class=\"n\">%lld</td>",
				(long long)json_integer_value(json_array_get(row, 4)));
			out_element(f, "td", json_string_value(json_array_get(row, 3)));
			fputs("</tr>\n", f);
		}
		fputs("</tbody></table></div>\n", f);
	}
	json_decref(rows);
}

static void add_refusals(const struct view *v, size_t run, json_t *seen)
{
	const json_t *list = json_object_get(v->runs[run], "refused");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		char *params = label_params(json_object_get(item, "params")), *text = NULL;

		if (params && asprintf(&text, "%s%s%s%s: %s", json_get_str(item, "system", ""),
				       params[0] ? " (" : "", params, params[0] ? ")" : "",
				       json_get_str(item, "why", "")) >= 0)
			json_object_set_new(seen, text, json_true());
		free(text);
		free(params);
	}
}

void table_refused(FILE *f, const struct view_scenario *s)
{
	json_t *seen = json_object(), *unused;
	const char *text;

	for (size_t run = 0; run < s->view->n_runs; run++)
		if (!strcmp(json_get_str(s->view->runs[run], "scenario", ""), s->name))
			add_refusals(s->view, run, seen);
	if (json_object_size(seen)) {
		fputs("<h3>Could not be measured</h3>\n<ul class=\"refused\">\n", f);
		json_object_foreach (seen, text, unused)
			out_element(f, "li", text);
		fputs("</ul>\n", f);
	}
	json_decref(seen);
}
