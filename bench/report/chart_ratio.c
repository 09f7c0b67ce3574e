/* SPDX-License-Identifier: BSD-3-Clause */
/* One line a comparison: the ratio as a point, its interval as a line, and 1 as the mark between
 * more and less. Where ratios are far apart the scale is logarithmic. */
#include "base/json.h"
#include "bench/report/axis.h"
#include "bench/report/chart.h"
#include "bench/report/svg.h"
#include "bench/report/units.h"

#include <math.h>
#include <string.h>

enum { ROW = 40, FOOT = 36 };

/* The comparisons of a metric that can be drawn, in the latest run of their cell. */
static size_t collect(const struct view_scenario *s, size_t metric, const json_t **found,
		      size_t max)
{
	size_t n = 0, i;

	for (size_t run = 0; run < s->view->n_runs; run++) {
		const json_t *list = json_object_get(s->view->runs[run], "comparisons"), *item;

		if (strcmp(json_get_str(s->view->runs[run], "scenario", ""), s->name) != 0)
			continue;
		for (i = 0; i < json_array_size(list) && n < max; i++) {
			size_t cell;

			item = json_array_get(list, i);
			cell = view_cell(s, json_object_get(item, "params"));
			if (cell != (size_t)-1 && s->latest[cell] == run &&
			    !strcmp(json_get_str(item, "metric", ""), s->metrics[metric].name) &&
			    chart_number(item, "ratio") > 0)
				found[n++] = item;
		}
	}
	return n;
}

enum { MOST = 512 };

bool chart_ratio_has(const struct view_scenario *s, size_t metric)
{
	const json_t *found[1];

	return collect(s, metric, found, 1) > 0;
}

static void measure(struct axis *x, const json_t *const *found, size_t n, double width)
{
	size_t max_ticks = width < CHART_WIDE ? 5 : 9;
	double least = 0.98, most = 1.02, lo, hi;

	for (size_t i = 0; i < n; i++) {
		double ratio = chart_number(found[i], "ratio");

		least = fmin(least, ratio);
		most = fmax(most, ratio);
		if (!chart_range(found[i], "ci95", &lo, &hi) || lo <= 0)
			continue;
		least = fmin(least, lo);
		most = fmax(most, hi);
	}
	/* Over a narrow range the two scales are the same, and the linear one has rounder marks. */
	if (most / least < 3)
		axis_linear(x, least, most, false, max_ticks);
	else
		axis_log(x, least, most, max_ticks);
	x->px_lo = 14;
	x->px_hi = width - 70;
}

static void draw_row(const struct chart *c, const struct axis *x, const json_t *item, double y)
{
	const char *verdict = json_get_str(item, "verdict", "");
	size_t a = view_system(c->s->view, json_get_str(item, "a", ""));
	size_t cell = view_cell(c->s, json_object_get(item, "params"));
	double ratio = chart_number(item, "ratio"), lo, hi;
	char text[256], class[32];

	snprintf(text, sizeof(text), "%.80s%s%.40s against %.40s", c->s->labels[cell],
		 c->s->labels[cell][0] ? ": " : "", json_get_str(item, "a", ""),
		 json_get_str(item, "b", ""));
	svg_text(c->out, "name", x->px_lo - 14, y + 12, SVG_START, c->width - 90, text);
	svg_text(c->out, "value", c->width - 2, y + 12, SVG_END, 90, verdict);
	snprintf(class, sizeof(class), "%s %s", !strcmp(verdict, "cannot tell") ? "open" : "mark",
		 a == (size_t)-1 ? "s7" : chart_colour(c->s, a));
	if (chart_range(item, "ci95", &lo, &hi) && lo > 0) {
		double p = axis_px(x, lo), q = axis_px(x, hi);

		svg_line(c->out, "whisker", p, y + 24, q, y + 24);
		svg_line(c->out, "whisker", p, y + 20, p, y + 28);
		svg_line(c->out, "whisker", q, y + 20, q, y + 28);
		snprintf(text, sizeof(text), "ratio %.3f, 95 %% interval %.3f to %.3f", ratio, lo,
			 hi);
	} else {
		snprintf(text, sizeof(text), "ratio %.3f; too few pairs for an interval", ratio);
	}
	svg_mark(c->out, class, 3, axis_px(x, ratio), y + 24, 4.5, text);
	snprintf(text, sizeof(text), ratio < 100 ? "%.3f" : "%.0f", ratio);
	svg_text(c->out, "value", c->width - 2, y + 28, SVG_END, 66, text);
}

void chart_ratio(const struct chart *c, size_t metric, size_t unused)
{
	const json_t *found[MOST];
	size_t n = collect(c->s, metric, found, MOST);
	double height = (double)n * ROW + FOOT + 4, bottom = height - FOOT;
	char text[160];
	struct axis x;

	measure(&x, found, n, c->width);
	snprintf(text, sizeof(text), "%.60s: ratios of %.60s", c->s->name,
		 c->s->metrics[metric].name);
	svg_begin(
		c->out, c->width, height, c->class, (*c->serial)++, text,
		"A line for each comparison: the ratio and its 95 % interval, beside 1, where both "
		"are the same.");
	for (size_t i = 0; i < x.n_ticks; i++) {
		double p = axis_px(&x, x.ticks[i]);
		bool one = fabs(x.ticks[i] - 1) < 1e-9;

		svg_line(c->out, one ? "axis" : "grid", p, 2, p, bottom);
		unit_tick(text, sizeof(text), x.ticks[i]);
		svg_text(c->out, "tick", p, bottom + 15, SVG_MIDDLE, 60, text);
	}
	svg_text(c->out, "tick", (x.px_lo + x.px_hi) / 2, bottom + 31, SVG_MIDDLE, c->width,
		 c->s->metrics[metric].lower_better ? "ratio; below 1 is better"
						    : "ratio; above 1 is better");
	for (size_t i = 0; i < n; i++)
		draw_row(c, &x, found[i], 4 + (double)i * ROW);
	svg_end(c->out);
}
