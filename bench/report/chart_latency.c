/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Latency against percentile. To the right the scale is of what lies beyond: 90, 99, 99.9 % are
 * equally far apart, so that the tail can be seen. Drawn is only what has enough samples beyond it.
 * The histograms of all rounds are added.
 */
#include "base/hist.h"
#include "base/json.h"
#include "bench/report/axis.h"
#include "bench/report/chart.h"
#include "bench/report/svg.h"
#include "bench/report/units.h"

#include <math.h>
#include <stdlib.h>

enum { PLOT = 200, HEAD = 26, FOOT = 38, LEFT = 60, LOADS = 12 };

/* What a picture is for: a share of the found rate, or a load where no share is told. */
struct level {
	bool share;
	double value;
};

static struct level level_of(const json_t *item)
{
	struct level level = {true, chart_number(item, "share")};

	if (isnan(level.value))
		level = (struct level){false, chart_number(item, "load")};
	if (isnan(level.value))
		level.value = 0;
	return level;
}

static size_t levels(const struct view_scenario *s, size_t cell, struct level *found)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_raw; i++) {
		const json_t *list = chart_data(s, &s->raw[i], cell, "latency");

		for (size_t k = 0; k < json_array_size(list); k++) {
			struct level l = level_of(json_array_get(list, k));
			size_t at = 0;

			while (at < n && (found[at].value != l.value || found[at].share != l.share))
				at++;
			if (at == n && n < LOADS)
				found[n++] = l;
		}
	}
	return n;
}

bool chart_latency_has(const struct view_scenario *s, size_t cell)
{
	struct level found[LOADS];

	return levels(s, cell, found) > 0;
}

/* All rounds of a system at a level; false when there is none. */
static bool gather(const struct view_scenario *s, size_t cell, size_t system, struct level level,
		   const char *kind, struct hist *sum, struct hist *one)
{
	hist_reset(sum);
	for (size_t i = 0; i < s->n_raw; i++) {
		const json_t *list = chart_data(s, &s->raw[i], cell, "latency");

		if (s->raw[i].system != system || !json_get_bool(s->raw[i].raw, "valid", true))
			continue;
		for (size_t k = 0; k < json_array_size(list); k++) {
			const json_t *item = json_array_get(list, k);
			struct level l = level_of(item);

			if (l.value == level.value && l.share == level.share &&
			    hist_from_json(json_object_get(item, kind), one) == 0)
				hist_merge(sum, one);
		}
	}
	return sum->total > HIST_TAIL;
}

struct latency_layout {
	const struct chart *c;
	size_t cell;
	struct level level;
	double top, px_per_decade; /* x: 1 - p falls by ten */
	struct axis y;
};

/* Where the share `beyond` of the samples above a value is drawn. */
static double px_beyond(const struct latency_layout *l, double beyond)
{
	return LEFT - log10(beyond) * l->px_per_decade;
}

static void draw_curve(const struct latency_layout *l, const struct hist *h, const char *class)
{
	double last_x = -10, last_y = -10, x, y;
	uint64_t seen = 0;
	FILE *f = l->c->out;
	bool first = true;

	fprintf(f, "<path class=\"%s\" d=\"", class);
	for (uint32_t i = 0; i < HIST_BUCKETS && h->total - seen > HIST_TAIL; i++) {
		if (!h->count[i])
			continue;
		/* The value is reached by all samples not seen before it. */
		x = px_beyond(l, (double)(h->total - seen) / (double)h->total);
		y = axis_px(&l->y, fmax((double)hist_value(i), 1));
		seen += h->count[i];
		if (!first && fabs(x - last_x) < 1 && fabs(y - last_y) < 1)
			continue;
		fprintf(f, "%s%.1f %.1f", first ? "M" : "L", x, y);
		first = false;
		last_x = x;
		last_y = y;
	}
	fputs("\"/>\n", f);
}

static void draw_percent(const struct latency_layout *l, double beyond, const char *text)
{
	double x = px_beyond(l, beyond);

	svg_line(l->c->out, "grid", x, l->top, x, l->top + PLOT);
	svg_text(l->c->out, "tick", x, l->top + PLOT + 16, SVG_MIDDLE, 80, text);
}

static void draw_frame(const struct latency_layout *l, double decades)
{
	static const char *const percent[] = {"0 %",	 "90 %",     "99 %",	  "99.9 %",
					      "99.99 %", "99.999 %", "99.9999 %", "99.99999 %"};
	double right = LEFT + decades * l->px_per_decade;
	FILE *f = l->c->out;
	char text[96], digits[48];

	for (unsigned int d = 0; d <= decades && d < 8; d++)
		draw_percent(l, pow(10, -(double)d), percent[d]);
	if (l->px_per_decade > 90)
		draw_percent(l, 0.5, "50 %");
	svg_text(f, "tick", (LEFT + right) / 2, l->top + PLOT + 32, SVG_MIDDLE, l->c->width,
		 "of the frames took at most so long");
	for (size_t i = 0; i < l->y.n_ticks; i++) {
		double y = axis_px(&l->y, l->y.ticks[i]);
		struct unit_scale unit;

		unit_scale("ns", l->y.ticks[i], &unit);
		svg_line(f, "grid", LEFT, y, right, y);
		unit_tick(digits, sizeof(digits), l->y.ticks[i] * unit.factor);
		snprintf(text, sizeof(text), "%s %s", digits, unit.name);
		svg_text(f, "tick", LEFT - 6, y + 4, SVG_END, LEFT, text);
	}
}

static void stretch(const struct hist *h, double *lo, double *hi, double *most)
{
	uint64_t high;

	*lo = fmin(*lo, fmax((double)h->min, 1));
	if (hist_percentile(h, 100 - 100.0 * HIST_TAIL / (double)h->total, &high))
		*hi = fmax(*hi, (double)high);
	*most = fmax(*most, (double)h->total);
}

static void describe(const struct latency_layout *l, char *text, size_t size)
{
	char load[48];

	unit_value(load, sizeof(load), l->level.value, "pps");
	if (l->level.share && l->level.value == 0)
		snprintf(text, size, "next to no load");
	else if (l->level.share)
		snprintf(text, size, "%.3g %% of the found rate", l->level.value * 100);
	else
		snprintf(text, size, "at %s", load);
}

static void draw_level(const struct chart *c, size_t cell, struct level level, struct hist *sum,
		       struct hist *one)
{
	static const char *const kinds[] = {"raw", "corrected"};
	struct latency_layout l = {.c = c, .cell = cell, .level = level, .top = HEAD};
	double lo = 1e18, hi = 1, most = 0;
	char title[256], what[80], class[40];
	double decades;

	for (size_t i = 0; i < c->s->view->n_systems; i++)
		for (int k = 0; k < 2; k++)
			if (gather(c->s, cell, i, level, kinds[k], sum, one))
				stretch(sum, &lo, &hi, &most);
	if (most == 0)
		return;
	/* To where the last line ends. */
	decades = fmin(fmax(log10(most / HIST_TAIL), 0.4), 7.5);
	l.px_per_decade = (c->width - LEFT - 30) / decades;
	axis_log(&l.y, lo, fmax(hi, lo * 1.1), 8);
	l.y.px_lo = l.top + PLOT;
	l.y.px_hi = l.top + 4;
	describe(&l, what, sizeof(what));
	snprintf(title, sizeof(title), "%.60s: latency, %.80s, %s", c->s->name,
		 view_cell_name(c->s, cell), what);
	svg_begin(
		c->out, c->width, HEAD + PLOT + FOOT, c->class, (*c->serial)++, title,
		"For each system, the latency that a percentage of the frames stays below; solid: "
		"from when the frame was due, dashed: from when it was sent.");
	svg_text(c->out, "head", 0, 15, SVG_START, c->width, what);
	draw_frame(&l, decades);
	for (size_t i = 0; i < c->s->view->n_systems; i++) {
		for (int k = 0; k < 2; k++) {
			if (!gather(c->s, cell, i, level, kinds[k], sum, one))
				continue;
			snprintf(class, sizeof(class), "curve %s %s", kinds[k],
				 chart_colour(c->s, i));
			draw_curve(&l, sum, class);
		}
	}
	svg_end(c->out);
}

void chart_latency(const struct chart *c, size_t cell, size_t unused)
{
	struct hist *sum = calloc(1, sizeof(*sum)), *one = calloc(1, sizeof(*one));
	struct level found[LOADS];
	size_t n = levels(c->s, cell, found);

	for (size_t i = 0; i < n && sum && one; i++)
		draw_level(c, cell, found[i], sum, one);
	free(sum);
	free(one);
}
