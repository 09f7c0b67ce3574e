/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each trial of the searches as a point: load to the right, lost share upwards. Loss spans many
 * powers of ten and is often none at all, so its scale is logarithmic with a row of its own for
 * none. Above: where each round's search ended, as a bracket from lower to upper bound.
 */
#include "base/json.h"
#include "bench/report/axis.h"
#include "bench/report/chart.h"
#include "bench/report/svg.h"
#include "bench/report/units.h"

#include <math.h>

enum { PLOT = 180, NONE = 34, FOOT = 40, STRIP = 22, STRIP_NARROW = 34, GOALS = 6 };

#define LEAST_LOSS 1e-7

struct loss_layout {
	const struct chart *c;
	size_t cell, n_goals;
	double goals[GOALS]; /* their loss ratios, the smallest first */
	double top, left;    /* of the plot */
	double strip;	     /* height of a search's row */
	struct axis x, y;
};

bool chart_loss_has(const struct view_scenario *s, size_t cell)
{
	for (size_t i = 0; i < s->n_raw; i++)
		if (chart_data(s, &s->raw[i], cell, "trials"))
			return true;
	return false;
}

static double loss_of(const json_t *trial)
{
	double offered = chart_number(trial, "offered");

	return offered > 0 ? (offered - chart_number(trial, "received")) / offered : (double)NAN;
}

static void note_goal(struct loss_layout *l, double ratio)
{
	size_t at = 0;

	while (at < l->n_goals && l->goals[at] < ratio)
		at++;
	if ((at < l->n_goals && l->goals[at] == ratio) || l->n_goals == GOALS)
		return;
	for (size_t i = l->n_goals; i > at; i--)
		l->goals[i] = l->goals[i - 1];
	l->goals[at] = ratio;
	l->n_goals++;
}

static bool has_goal(const struct loss_layout *l, size_t system, double ratio)
{
	for (size_t i = 0; i < l->c->s->n_raw; i++) {
		const struct view_raw *r = &l->c->s->raw[i];
		const json_t *goals = chart_data(l->c->s, r, l->cell, "goals");

		for (size_t k = 0; r->system == system && k < json_array_size(goals); k++)
			if (chart_number(json_array_get(goals, k), "loss_ratio") == ratio)
				return true;
	}
	return false;
}

static size_t strips(const struct loss_layout *l)
{
	size_t n = 0;

	for (size_t system = 0; system < l->c->s->view->n_systems; system++)
		for (size_t g = 0; g < l->n_goals; g++)
			n += has_goal(l, system, l->goals[g]);
	return n;
}

static void measure(struct loss_layout *l)
{
	const struct view_scenario *s = l->c->s;
	double least = INFINITY, most = 0, least_loss = 0.01;
	bool narrow = l->c->width < CHART_WIDE;

	for (size_t i = 0; i < s->n_raw; i++) {
		const json_t *trials = chart_data(s, &s->raw[i], l->cell, "trials");
		const json_t *goals = chart_data(s, &s->raw[i], l->cell, "goals");

		for (size_t k = 0; k < json_array_size(trials); k++) {
			const json_t *t = json_array_get(trials, k);
			double loss = loss_of(t);

			most = fmax(most, chart_number(t, "load"));
			least = fmin(least, chart_number(t, "load"));
			if (loss > 0)
				least_loss = fmin(least_loss, loss);
		}
		for (size_t k = 0; k < json_array_size(goals); k++) {
			const json_t *g = json_array_get(goals, k);

			note_goal(l, chart_number(g, "loss_ratio"));
			most = fmax(most, fmax(chart_number(g, "upper"), chart_number(g, "lower")));
		}
	}
	/* Systems' names stand left of the rows; on a narrow screen above them. */
	l->left = narrow ? 62 : 190;
	l->strip = narrow ? STRIP_NARROW : STRIP;
	axis_linear(&l->x, fmin(least, most), most, false, narrow ? 4 : 8);
	l->x.px_lo = l->left;
	l->x.px_hi = l->c->width - 16;
	axis_log(&l->y, fmax(least_loss, LEAST_LOSS), 1, 8);
	l->top = 12 + (double)strips(l) * l->strip;
	l->y.px_lo = l->top + PLOT;
	l->y.px_hi = l->top + 6;
}

static void draw_axes(const struct loss_layout *l)
{
	FILE *f = l->c->out;
	double bottom = l->top + PLOT + NONE;
	struct unit_scale unit;
	char text[64];

	unit_scale("pps", l->x.hi, &unit);
	for (size_t i = 0; i < l->x.n_ticks; i++) {
		double x = axis_px(&l->x, l->x.ticks[i]);

		svg_line(f, "grid", x, 4, x, bottom);
		unit_tick(text, sizeof(text), l->x.ticks[i] * unit.factor);
		svg_text(f, "tick", x, bottom + 16, SVG_MIDDLE, 60, text);
	}
	snprintf(text, sizeof(text), "offered load, %s", unit.name);
	svg_text(f, "tick", (l->x.px_lo + l->x.px_hi) / 2, bottom + 33, SVG_MIDDLE, l->c->width,
		 text);
	for (size_t i = 0; i < l->y.n_ticks; i++) {
		double y = axis_px(&l->y, l->y.ticks[i]);

		svg_line(f, "grid", l->left, y, l->x.px_hi, y);
		snprintf(text, sizeof(text), "%.4g %%", l->y.ticks[i] * 100);
		svg_text(f, "tick", l->left - 6, y + 4, SVG_END, l->left, text);
	}
	svg_line(f, "axis", l->left, bottom - NONE / 2.0, l->x.px_hi, bottom - NONE / 2.0);
	svg_text(f, "tick", l->left - 6, bottom - NONE / 2.0 + 4, SVG_END, l->left, "none");
}

static void draw_trial(const struct loss_layout *l, size_t system, const json_t *t)
{
	double loss = loss_of(t), y;
	bool valid = json_get_bool(t, "valid", true);
	char text[256], load[48], class[24];

	if (isnan(loss))
		return;
	/* More received than offered is shown where none was lost, and said. */
	y = loss <= 0 ? l->top + PLOT + NONE / 2.0 : axis_px(&l->y, fmax(loss, l->y.lo));
	unit_value(load, sizeof(load), chart_number(t, "load"), "pps");
	snprintf(
		text, sizeof(text), "%.40s: %s for %.3g s, loss %.3g %%%s%.100s",
		l->c->s->view->systems[system].name, load, chart_number(t, "seconds"), loss * 100,
		valid ? "" : "; invalid: ", valid ? "" : json_get_str(t, "why", "no reason given"));
	snprintf(class, sizeof(class), "%s %s", valid ? "point" : "void",
		 chart_colour(l->c->s, system));
	svg_mark(l->c->out, class, l->c->s->view->systems[system].colour,
		 axis_px(&l->x, chart_number(t, "load")), y, 3.5, text);
}

/* A bracket from the highest load the goal held at to the lowest it did not. */
static void draw_bracket(const struct loss_layout *l, const json_t *goal, const char *colour,
			 double y)
{
	double lo = chart_number(goal, "lower"), hi = chart_number(goal, "upper"), a, b;
	char text[128], low[48] = "unknown", high[48] = "unknown", class[24];

	if (!isnan(lo))
		unit_value(low, sizeof(low), lo, "pps");
	if (!isnan(hi))
		unit_value(high, sizeof(high), hi, "pps");
	snprintf(text, sizeof(text), "between %s and %s", low, high);
	a = axis_px(&l->x, isnan(lo) ? l->x.lo : fmax(lo, l->x.lo));
	b = axis_px(&l->x, isnan(hi) ? l->x.hi : hi);
	snprintf(class, sizeof(class), "bracket %s", colour);
	svg_rect(l->c->out, class, a, y, fmax(b - a, 2), 9, text);
}

static void draw_name(const struct loss_layout *l, size_t system, const char *name, double y)
{
	const struct view_system *v = &l->c->s->view->systems[system];
	double end = l->strip > STRIP ? l->c->width : l->left - 10;
	char class[24];

	snprintf(class, sizeof(class), "mark %s", chart_colour(l->c->s, system));
	svg_mark(l->c->out, class, v->colour, 5, y + 8, 3.5, NULL);
	svg_text(l->c->out, "name", 15, y + 12, SVG_START, end - 15, name);
}

static void draw_strips(const struct loss_layout *l)
{
	const struct view_scenario *s = l->c->s;
	double y = 4;

	for (size_t system = 0; system < s->view->n_systems; system++) {
		for (size_t g = 0; g < l->n_goals; g++) {
			char name[96], goal[32];

			if (!has_goal(l, system, l->goals[g]))
				continue;
			snprintf(goal, sizeof(goal), l->goals[g] > 0 ? "loss ≤ %.3g %%" : "no loss",
				 l->goals[g] * 100);
			snprintf(name, sizeof(name), "%.40s, %s", s->view->systems[system].name,
				 goal);
			draw_name(l, system, name, y);
			for (size_t i = 0; i < s->n_raw; i++) {
				const json_t *goals = chart_data(s, &s->raw[i], l->cell, "goals");

				for (size_t k = 0;
				     s->raw[i].system == system && k < json_array_size(goals); k++)
					if (chart_number(json_array_get(goals, k), "loss_ratio") ==
					    l->goals[g])
						draw_bracket(l, json_array_get(goals, k),
							     chart_colour(s, system),
							     y + l->strip - STRIP + 4);
			}
			y += l->strip;
		}
	}
}

void chart_loss(const struct chart *c, size_t cell, size_t unused)
{
	struct loss_layout l = {.c = c, .cell = cell};
	char title[200];

	measure(&l);
	snprintf(title, sizeof(title), "%.60s: loss against load, %.80s", c->s->name,
		 view_cell_name(c->s, cell));
	svg_begin(c->out, c->width, l.top + PLOT + NONE + FOOT, c->class, (*c->serial)++, title,
		  "A point for each trial: the offered load and the share of frames lost. Bars at "
		  "the "
		  "top: between which loads each search found its goal.");
	draw_axes(&l);
	draw_strips(&l);
	for (size_t i = 0; i < c->s->n_raw; i++) {
		const json_t *trials = chart_data(c->s, &c->s->raw[i], cell, "trials");

		for (size_t k = 0; k < json_array_size(trials); k++)
			draw_trial(&l, c->s->raw[i].system, json_array_get(trials, k));
	}
	svg_end(c->out);
}
