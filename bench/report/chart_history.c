/* SPDX-License-Identifier: BSD-3-Clause */
/* A metric over runs: medians joined by a line, their intervals as a band. Runs stand at equal
 * distances, in the order they were made. */
#include "base/json.h"
#include "bench/report/axis.h"
#include "bench/report/chart.h"
#include "bench/report/svg.h"
#include "bench/report/units.h"

#include <math.h>
#include <string.h>

enum { PLOT = 130, HEAD = 26, FOOT = 44, LEFT = 60 };

struct history_layout {
	const struct chart *c;
	size_t cell, metric, first, last; /* runs */
	struct axis y;
	double step;
};

static const json_t *figure(const struct history_layout *l, size_t run, size_t system)
{
	const json_t *r = view_result(l->c->s, run, system, l->cell, l->metric);

	return json_object_get(r, "median") && !json_get_bool(r, "is_ceiling", false) ? r : NULL;
}

bool chart_history_has(const struct view_scenario *s, size_t cell, size_t metric)
{
	return !s->metrics[metric].informal && view_history(s, cell, metric) >= 2;
}

static bool of_scenario(const struct history_layout *l, size_t run)
{
	return !strcmp(json_get_str(l->c->s->view->runs[run], "scenario", ""), l->c->s->name);
}

/* Which place a run has among those of the scenario. */
static size_t place(const struct history_layout *l, size_t run)
{
	size_t n = 0;

	for (size_t i = 0; i < run; i++)
		n += of_scenario(l, i);
	return n;
}

static double px_run(const struct history_layout *l, size_t run)
{
	return LEFT + 24 + (double)place(l, run) * l->step;
}

static void measure(struct history_layout *l)
{
	const struct view *v = l->c->s->view;
	double lo = INFINITY, hi = -INFINITY, a, b;

	for (size_t run = 0; run < v->n_runs; run++) {
		for (size_t i = 0; i < v->n_systems; i++) {
			const json_t *r = figure(l, run, i);

			if (!r)
				continue;
			a = b = chart_number(r, "median");
			lo = fmin(lo, a);
			hi = fmax(hi, b);
			if (chart_range(r, "ci95", &a, &b)) {
				lo = fmin(lo, a);
				hi = fmax(hi, b);
			}
		}
	}
	axis_linear(&l->y, lo, hi, true, 5);
	l->y.px_lo = HEAD + PLOT;
	l->y.px_hi = HEAD + 4;
	l->step =
		l->c->s->n_runs > 1 ? (l->c->width - LEFT - 48) / (double)(l->c->s->n_runs - 1) : 0;
}

static void draw_frame(const struct history_layout *l)
{
	const struct view *v = l->c->s->view;
	FILE *f = l->c->out;
	double free_from = 0;
	struct unit_scale unit;
	char text[128];

	unit_scale(l->c->s->metrics[l->metric].unit, fmax(fabs(l->y.lo), fabs(l->y.hi)), &unit);
	snprintf(text, sizeof(text), "%.80s: %s", view_cell_name(l->c->s, l->cell), unit.name);
	svg_text(f, "head", 0, 15, SVG_START, l->c->width / 1.15, text);
	for (size_t i = 0; i < l->y.n_ticks; i++) {
		double y = axis_px(&l->y, l->y.ticks[i]);

		svg_line(f, l->y.ticks[i] == 0 ? "axis" : "grid", LEFT, y, l->c->width - 8, y);
		unit_tick(text, sizeof(text), l->y.ticks[i] * unit.factor);
		svg_text(f, "tick", LEFT - 6, y + 4, SVG_END, LEFT, text);
	}
	for (size_t run = 0; run < v->n_runs; run++) {
		const char *started = json_get_str(v->runs[run], "started", "");
		double x = px_run(l, run);

		/* Date over time of day, where the one before leaves room. */
		if (!of_scenario(l, run) || x < free_from)
			continue;
		snprintf(text, sizeof(text), "%.10s", started);
		svg_text(f, "tick", x, HEAD + PLOT + 18, SVG_MIDDLE, 80, text);
		snprintf(text, sizeof(text), "%.5s", strlen(started) > 11 ? started + 11 : "");
		svg_text(f, "tick", x, HEAD + PLOT + 34, SVG_MIDDLE, 80, text);
		free_from = x + 78;
	}
}

static void draw_band(const struct history_layout *l, size_t system)
{
	const struct view *v = l->c->s->view;
	FILE *f = l->c->out;
	bool first = true;
	double lo, hi;

	fprintf(f, "<path class=\"band %s\" d=\"", chart_colour(l->c->s, system));
	for (size_t run = 0; run < v->n_runs; run++) {
		const json_t *r = figure(l, run, system);

		if (!r || !chart_range(r, "ci95", &lo, &hi))
			continue;
		fprintf(f, "%s%.1f %.1f", first ? "M" : "L", px_run(l, run), axis_px(&l->y, hi));
		first = false;
	}
	for (size_t run = v->n_runs; run-- > 0;) {
		const json_t *r = figure(l, run, system);

		if (r && chart_range(r, "ci95", &lo, &hi))
			fprintf(f, "L%.1f %.1f", px_run(l, run), axis_px(&l->y, lo));
	}
	fputs(first ? "\"/>\n" : "z\"/>\n", f);
}

static void draw_line(const struct history_layout *l, size_t system)
{
	const struct view *v = l->c->s->view;
	FILE *f = l->c->out;
	bool first = true;
	char text[160], value[64], class[24];

	fprintf(f, "<path class=\"curve %s\" d=\"", chart_colour(l->c->s, system));
	for (size_t run = 0; run < v->n_runs; run++) {
		const json_t *r = figure(l, run, system);

		if (r)
			fprintf(f, "%s%.1f %.1f", first ? "M" : "L", px_run(l, run),
				axis_px(&l->y, chart_number(r, "median")));
		first &= r == NULL;
	}
	fputs("\"/>\n", f);
	for (size_t run = 0; run < v->n_runs; run++) {
		const json_t *r = figure(l, run, system);

		if (!r)
			continue;
		unit_value(value, sizeof(value), chart_number(r, "median"),
			   l->c->s->metrics[l->metric].unit);
		snprintf(text, sizeof(text), "%.40s, %.20s: %s%s", v->systems[system].name,
			 json_get_str(v->runs[run], "started", ""), value,
			 json_object_get(r, "bound") ? ", held back by the generator" : "");
		snprintf(class, sizeof(class), "%s %s",
			 json_object_get(r, "bound") ? "open" : "mark",
			 chart_colour(l->c->s, system));
		svg_mark(f, class, v->systems[system].colour, px_run(l, run),
			 axis_px(&l->y, chart_number(r, "median")), 4, text);
	}
}

void chart_history(const struct chart *c, size_t cell, size_t metric)
{
	struct history_layout l = {.c = c, .cell = cell, .metric = metric};
	char title[256];

	measure(&l);
	snprintf(title, sizeof(title), "%.60s: %.60s over runs, %.80s", c->s->name,
		 c->s->metrics[metric].name, view_cell_name(c->s, cell));
	svg_begin(c->out, c->width, HEAD + PLOT + FOOT, c->class, (*c->serial)++, title,
		  "The median of each run, joined by a line for each system; the band is the 95 % "
		  "interval.");
	draw_frame(&l);
	for (size_t i = 0; i < c->s->view->n_systems; i++)
		draw_band(&l, i);
	for (size_t i = 0; i < c->s->view->n_systems; i++)
		draw_line(&l, i);
	svg_end(c->out);
}
