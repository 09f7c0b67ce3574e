/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/figure.h"
#include "bench/report/chart.h"
#include "bench/report/out.h"

#include "base/json.h"

typedef void (*draw_fn)(const struct chart *c, size_t first, size_t second);

struct figure {
	FILE *f;
	const struct view_scenario *s;
	unsigned int *serial;
};

/* For wide screens, and again for narrow ones. */
static void draw(const struct figure *g, draw_fn fn, size_t first, size_t second)
{
	struct chart c = {.out = g->f, .s = g->s, .serial = g->serial};

	c.width = CHART_WIDE;
	c.class = "wide";
	fn(&c, first, second);
	c.width = CHART_NARROW;
	c.class = "narrow";
	fn(&c, first, second);
}

/* Is the system in what the pictures show? It may be there as the load's ceiling only. */
static bool shown(const struct view_scenario *s, size_t system)
{
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i].system == system && !s->entries[i].ceiling)
			return true;
	return false;
}

static void key_systems(const struct figure *g)
{
	fputs("<span class=\"key\">", g->f);
	for (size_t i = 0; i < g->s->view->n_systems; i++) {
		if (!shown(g->s, i))
			continue;
		fprintf(g->f, "<span class=\"sys\"><i class=\"%s\"></i>", chart_colour(g->s, i));
		out_text(g->f, g->s->view->systems[i].name);
		fputs("</span> ", g->f);
	}
	fputs("</span>\n", g->f);
}

static void begin(const struct figure *g, const char *title, const char *cell, const char *key)
{
	fputs("<figure>\n<figcaption><b>", g->f);
	out_text(g->f, title);
	fputs("</b>", g->f);
	if (cell[0])
		out_textf(g->f, ", %s", cell);
	fputs("\n<span class=\"key\">", g->f);
	out_text(g->f, key);
	fputs("</span>\n", g->f);
}

static void end_caption(const struct figure *g)
{
	fputs("</figcaption>\n", g->f);
}

static void end(const struct figure *g)
{
	fputs("</figure>\n", g->f);
}

/* Which marks a picture of bars has, so that the key explains no others. */
static void bars_key(const struct figure *g, size_t metric, char *key, size_t size)
{
	const struct view_scenario *s = g->s;
	bool ci = false, ceiling = false, bound = false, bands = false;

	for (size_t i = 0; i < s->n_entries; i++) {
		const struct view_entry *e = &s->entries[i];

		if (e->metric != metric || e->ceiling || e->run != s->latest[e->cell])
			continue;
		ci |= json_object_get(e->result, "ci95") != NULL;
		ceiling |= json_object_get(e->result, "ceiling") != NULL;
		bound |= json_object_get(e->result, "bound") != NULL;
		bands |= json_object_get(e->result, "bands") != NULL;
	}
	snprintf(key, size, "%s is better. Bar: median; dots: trials%s%s%s%s.",
		 s->metrics[metric].lower_better ? "Less" : "More",
		 ci ? "; line on the bar: 95 % interval" : "",
		 ceiling ? "; dashed: what the generator itself can offer" : "",
		 bound ? "; hatched and ≥: held back by the generator, not the system's own speed"
		       : "",
		 bands ? "; *: the trials fall into two bands" : "");
}

static void write_metric(const struct figure *g, size_t metric)
{
	const struct view_metric *m = &g->s->metrics[metric];
	char key[400];

	if (chart_bars_has(g->s, metric)) {
		bars_key(g, metric, key, sizeof(key));
		begin(g, m->name, m->informal ? "not compared" : "", key);
		key_systems(g);
		end_caption(g);
		draw(g, chart_bars, metric, 0);
		end(g);
	}
	if (chart_ratio_has(g->s, metric)) {
		begin(g, m->name, "one against another",
		      "Ratio of pairs measured in turn, with its 95 % interval. Hollow: cannot "
		      "tell.");
		end_caption(g);
		draw(g, chart_ratio, metric, 0);
		end(g);
	}
}

static void write_cell(const struct figure *g, size_t cell)
{
	const char *label = g->s->labels[cell];

	if (chart_loss_has(g->s, cell)) {
		begin(g, "Loss against load", label,
		      "A mark a trial. Bars at the top: between which loads each search found its "
		      "goal. Dashed: invalid trials.");
		key_systems(g);
		end_caption(g);
		draw(g, chart_loss, cell, 0);
		end(g);
	}
	if (chart_latency_has(g->s, cell)) {
		begin(g, "Latency", label,
		      "Solid: from when a frame was due; dashed: from when it was sent. A line "
		      "ends "
		      "where fewer than ten samples lie beyond.");
		key_systems(g);
		end_caption(g);
		draw(g, chart_latency, cell, 0);
		end(g);
	}
	if (chart_stages_has(g->s, cell)) {
		begin(g, "Cycles by stage", label, "Processor cycles a packet, and their share.");
		end_caption(g);
		draw(g, chart_stages, cell, 0);
		end(g);
	}
}

static void write_history(const struct figure *g, size_t metric)
{
	bool any = false;

	for (size_t cell = 0; cell < g->s->n_cells; cell++) {
		if (!chart_history_has(g->s, cell, metric))
			continue;
		if (!any) {
			begin(g, g->s->metrics[metric].name, "over runs",
			      "Medians; band: 95 % interval; hollow: held back by the generator.");
			key_systems(g);
			end_caption(g);
		}
		any = true;
		draw(g, chart_history, cell, metric);
	}
	if (any)
		end(g);
}

void figures_write(FILE *f, const struct view_scenario *s, unsigned int *serial)
{
	struct figure g = {f, s, serial};

	/* What is compared comes before what is not. */
	for (int informal = 0; informal < 2; informal++)
		for (size_t m = 0; m < s->n_metrics; m++)
			if (s->metrics[m].informal == informal)
				write_metric(&g, m);
	for (size_t cell = 0; cell < s->n_cells; cell++)
		write_cell(&g, cell);
	for (size_t m = 0; m < s->n_metrics; m++)
		write_history(&g, m);
}
