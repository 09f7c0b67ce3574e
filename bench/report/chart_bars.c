/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/axis.h"
#include "bench/report/chart.h"
#include "bench/report/out.h"
#include "bench/report/svg.h"
#include "bench/report/units.h"

#include <math.h>
#include <string.h>

enum { BAR = 18, ROW = 24, HEAD = 26, TOP = 6, FOOT = 40 };

struct layout {
	const struct chart *c;
	size_t metric;
	struct axis x;
	struct unit_scale unit;
	double name_px; /* where systems' names end */
	double value_px;
};

/* The figure a bar is drawn for, or NULL. */
static const json_t *figure(const struct view_scenario *s, size_t system, size_t cell,
			    size_t metric)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];

		if (e->run == s->latest[cell] && e->system == system && e->cell == cell &&
		    e->metric == metric && !e->ceiling && json_object_get(e->result, "median"))
			return e->result;
	}
	return NULL;
}

static size_t rows_of(const struct view_scenario *s, size_t cell, size_t metric)
{
	size_t n = 0;

	for (size_t i = 0; i < s->view->n_systems; i++)
		n += figure(s, i, cell, metric) != NULL;
	return n;
}

bool chart_bars_has(const struct view_scenario *s, size_t metric)
{
	for (size_t cell = 0; cell < s->n_cells; cell++)
		if (rows_of(s, cell, metric))
			return true;
	return false;
}

static void stretch(double v, double *lo, double *hi)
{
	if (v < *lo)
		*lo = v;
	if (v > *hi)
		*hi = v;
}

/* All that is drawn fits on the axis. */
static void measure(struct layout *l)
{
	const struct view_scenario *s = l->c->s;
	double lo = 0, hi = 0, a, b;
	bool narrow = l->c->width < CHART_WIDE;

	for (size_t cell = 0; cell < s->n_cells; cell++) {
		for (size_t i = 0; i < s->view->n_systems; i++) {
			const json_t *r = figure(s, i, cell, l->metric), *trials;
			json_t *v;
			size_t k;

			if (!r)
				continue;
			stretch(chart_number(r, "median"), &lo, &hi);
			if (!isnan(chart_number(r, "ceiling")))
				stretch(chart_number(r, "ceiling"), &lo, &hi);
			if (chart_range(r, "ci95", &a, &b)) {
				stretch(a, &lo, &hi);
				stretch(b, &lo, &hi);
			}
			trials = json_object_get(r, "trials");
			json_array_foreach (trials, k, v)
				stretch(json_number_value(v), &lo, &hi);
		}
	}
	axis_linear(&l->x, lo, hi, true, narrow ? 5 : 9);
	l->name_px = narrow ? 84 : 130;
	l->value_px = l->c->width - 2;
	l->x.px_lo = l->name_px + 8;
	l->x.px_hi = l->c->width - (narrow ? 88 : 100);
	unit_scale(s->metrics[l->metric].unit, fmax(fabs(l->x.lo), fabs(l->x.hi)), &l->unit);
}

static void draw_trials(const struct layout *l, const json_t *trials, double y, const char *colour)
{
	char hint[96], value[64], class[16];
	json_t *v;
	size_t i;

	snprintf(class, sizeof(class), "dot %s", colour);
	json_array_foreach (trials, i, v) {
		/* Spread over the bar's height, so that equal ones do not hide each other. */
		double at = y + 4 + (double)(i * 5 % 11);

		unit_value(value, sizeof(value), json_number_value(v),
			   l->c->s->metrics[l->metric].unit);
		snprintf(hint, sizeof(hint), "trial %zu: %s", i + 1, value);
		svg_mark(l->c->out, class, 0, axis_px(&l->x, json_number_value(v)), at, 2, hint);
	}
}

static void draw_row(const struct layout *l, const json_t *r, size_t system, double y)
{
	const struct view_scenario *s = l->c->s;
	const char *colour = chart_colour(s, system), *unit = s->metrics[l->metric].unit;
	double median = chart_number(r, "median"), lo, hi, zero = axis_px(&l->x, 0);
	bool bound = json_object_get(r, "bound") != NULL;
	char value[80], class[24], hint[256];

	unit_value(value, sizeof(value), median, unit);
	snprintf(hint, sizeof(hint), "%.40s: %s%s", s->view->systems[system].name, value,
		 bound ? ", held back by the generator" : "");
	svg_text(l->c->out, "name", l->name_px, y + 13, SVG_END, l->name_px,
		 s->view->systems[system].name);
	snprintf(class, sizeof(class), "bar %s", colour);
	svg_rect(l->c->out, class, zero, y, axis_px(&l->x, median) - zero, BAR, hint);
	if (bound)
		svg_rect(l->c->out, "hatch", zero, y, axis_px(&l->x, median) - zero, BAR, hint);
	draw_trials(l, json_object_get(r, "trials"), y, colour);
	if (chart_range(r, "ci95", &lo, &hi)) {
		double a = axis_px(&l->x, lo), b = axis_px(&l->x, hi), mid = y + BAR / 2.0;

		svg_line(l->c->out, "whisker", a, mid, b, mid);
		svg_line(l->c->out, "whisker", a, mid - 5, a, mid + 5);
		svg_line(l->c->out, "whisker", b, mid - 5, b, mid + 5);
	}
	snprintf(hint, sizeof(hint), "%s%s%s", bound ? "≥ " : "", value,
		 json_object_get(r, "bands") ? " *" : "");
	svg_text(l->c->out, "value", l->value_px, y + 13, SVG_END, l->value_px - l->x.px_hi - 4,
		 hint);
}

/* The load's own limit: a line over the cell's rows, and in its head the figure, near the line but
 * clear of the cell's name, which takes up to head_px. */
static void draw_ceiling(const struct layout *l, double ceiling, double top, double bottom,
			 double head_px)
{
	double x = axis_px(&l->x, ceiling), end;
	char value[64], text[96];

	unit_value(value, sizeof(value), ceiling, l->c->s->metrics[l->metric].unit);
	snprintf(text, sizeof(text), "generator %s", value);
	svg_line(l->c->out, "ceiling", x, top, x, bottom);
	svg_rect(l->c->out, "touch", x - 4, top, 8, bottom - top, text);
	end = fmin(fmax(x + 4, head_px + 14 + svg_width(text)), l->c->width);
	if (end - svg_width(text) > head_px)
		svg_text(l->c->out, "tick", end, top - 5, SVG_END, svg_width(text), text);
}

static void draw_cell(const struct layout *l, size_t cell, double *y)
{
	const struct view_scenario *s = l->c->s;
	const char *name = view_cell_name(s, cell);
	double ceiling = NAN, top = *y + HEAD;

	*y = top;
	for (size_t i = 0; i < s->view->n_systems; i++) {
		const json_t *r = figure(s, i, cell, l->metric);

		if (!r)
			continue;
		draw_row(l, r, i, *y);
		*y += ROW;
		if (!isnan(chart_number(r, "ceiling")))
			ceiling = chart_number(r, "ceiling");
	}
	/* Bold type is wider. */
	if (!isnan(ceiling))
		draw_ceiling(l, ceiling, top - 3, *y - ROW + BAR + 3, 1.15 * svg_width(name));
	svg_text(l->c->out, "head", 0, top - 8, SVG_START, l->c->width / 1.15, name);
	*y += 6;
}

static void draw_axis(const struct layout *l, double bottom)
{
	char text[64];

	for (size_t i = 0; i < l->x.n_ticks; i++) {
		double x = axis_px(&l->x, l->x.ticks[i]);

		svg_line(l->c->out, l->x.ticks[i] == 0 ? "axis" : "grid", x, TOP, x, bottom);
		unit_tick(text, sizeof(text), l->x.ticks[i] * l->unit.factor);
		svg_text(l->c->out, "tick", x, bottom + 16, SVG_MIDDLE, 60, text);
	}
	svg_text(l->c->out, "tick", (l->x.px_lo + l->x.px_hi) / 2, bottom + 33, SVG_MIDDLE,
		 l->c->width, l->unit.name);
}

void chart_bars(const struct chart *c, size_t metric, size_t unused)
{
	struct layout l = {.c = c, .metric = metric};
	double height = TOP + FOOT, y = TOP;
	char title[200];

	for (size_t cell = 0; cell < c->s->n_cells; cell++) {
		size_t rows = rows_of(c->s, cell, metric);

		height += rows ? HEAD + 6 + (double)rows * ROW : 0;
	}
	measure(&l);
	snprintf(title, sizeof(title), "%.60s: %.60s", c->s->name, c->s->metrics[metric].name);
	svg_begin(
		c->out, c->width, height, c->class, (*c->serial)++, title,
		"A bar for each system in each cell: its length is the median, the line on it the "
		"95 % interval, the dots single trials. The table below has the same numbers.");
	draw_axis(&l, height - FOOT);
	for (size_t cell = 0; cell < c->s->n_cells; cell++)
		if (rows_of(c->s, cell, metric))
			draw_cell(&l, cell, &y);
	svg_end(c->out);
}
