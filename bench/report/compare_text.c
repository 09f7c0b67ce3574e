/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/chart.h"
#include "bench/report/compare.h"
#include "bench/report/grid.h"
#include "bench/report/label.h"
#include "bench/report/render.h"
#include "bench/report/units.h"

#include "base/json.h"

#include <math.h>
#include <stdlib.h>

/* A run's median, and its interval. */
static void side_row(struct grid *g, const char *what, const char *when, const json_t *side,
		     const struct unit_scale *scale, const char *ratio, const char *verdict)
{
	char mid[48], from[48], to[48], median[64], interval[112] = "";
	double lo, hi;

	unit_digits(mid, sizeof(mid), chart_number(side, "median") * scale->factor);
	snprintf(median, sizeof(median), "%s%s", json_object_get(side, "bound") ? "≥ " : "", mid);
	if (chart_range(side, "ci95", &lo, &hi)) {
		unit_digits(from, sizeof(from), lo * scale->factor);
		unit_digits(to, sizeof(to), hi * scale->factor);
		snprintf(interval, sizeof(interval), "%s to %s", from, to);
	}
	grid_row(g,
		 (const char *const[]){what, when, median, scale->name, interval, ratio, verdict});
}

/* Two lines a match: before, and after with what that makes. */
static void rows(struct grid *g, const json_t *c, const char *label)
{
	double ratio = chart_number(c, "ratio"), lo, hi;
	char change[160] = "", *what = NULL;
	struct unit_scale scale;

	unit_scale(json_get_str(c, "unit", ""), chart_number(json_object_get(c, "after"), "median"),
		   &scale);
	if (!isnan(ratio) && chart_range(c, "ci95", &lo, &hi))
		snprintf(change, sizeof(change), "%.3f (%.3f to %.3f)", ratio, lo, hi);
	else if (!isnan(ratio))
		snprintf(change, sizeof(change), "%.3f", ratio);
	if (asprintf(&what, "%s, %s", json_get_str(c, "system", ""),
		     json_get_str(c, "metric", "")) < 0)
		return;
	side_row(g, what, "before", json_object_get(c, "before"), &scale, "", "");
	side_row(g, label, "after", json_object_get(c, "after"), &scale, change,
		 json_get_str(c, "verdict", ""));
	free(what);
}

static void matches(const json_t *list, struct grid *g)
{
	size_t n = json_array_size(list);
	const json_t **cells = calloc(n + 1, sizeof(const json_t *));

	for (size_t i = 0; i < n && cells; i++)
		cells[i] = json_object_get(json_array_get(list, i), "params");
	for (size_t i = 0; i < n && cells; i++) {
		char *label = label_cell(cells, n, i);

		if (label)
			rows(g, json_array_get(list, i), label);
		free(label);
	}
	free(cells);
}

static void only(const json_t *list, const char *when, FILE *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		char *params = label_params(json_object_get(item, "params")), *line = NULL;

		if (params &&
		    asprintf(&line, "Only %s: %s, %s%s%s", when, json_get_str(item, "system", ""),
			     json_get_str(item, "metric", ""), params[0] ? ", " : "", params) >= 0)
			grid_wrap(out, line, RENDER_WIDTH);
		free(line);
		free(params);
	}
}

void compare_text(const json_t *comparison, FILE *out)
{
	static const char *const heads[] = {
		"what", "run", ">median", "", ">95 % interval", ">after ÷ before", "verdict"};
	struct grid *g = grid_new(heads, 7);
	char *text = NULL;

	if (asprintf(&text, "%s: %s against %s. Medians and 95 %% intervals.",
		     json_get_str(comparison, "scenario", ""),
		     json_get_str(json_object_get(comparison, "after"), "started", ""),
		     json_get_str(json_object_get(comparison, "before"), "started", "")) >= 0)
		grid_wrap(out, text, RENDER_WIDTH);
	free(text);
	putc('\n', out);
	if (g)
		matches(json_object_get(comparison, "comparisons"), g);
	if (g)
		grid_print(g, out, RENDER_WIDTH);
	grid_free(g);
	putc('\n', out);
	only(json_object_get(comparison, "only_before"), "before", out);
	only(json_object_get(comparison, "only_after"), "after", out);
	grid_wrap(out,
		  "The two were not measured in turn: what changed on the machine between the runs "
		  "is part of these ratios. `run --vs` compares what is measured in turn.",
		  RENDER_WIDTH);
}
