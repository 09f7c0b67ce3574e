/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the cycles go: for each system that tells, one bar whose parts are its stages, and below it
 * the parts' names and figures. A stage's cycles are divided by the packets of the busiest stage:
 * that is what a packet costs on its way through the whole. */
#include "base/json.h"
#include "bench/report/axis.h"
#include "bench/report/chart.h"
#include "bench/report/svg.h"

#include <math.h>
#include <string.h>

enum { STAGES = 24, BAR = 26, LINE = 18, TITLE = 24, GAP = 14 };

struct stage_sum {
	size_t n;
	const char *names[STAGES];
	double cycles[STAGES], packets[STAGES];
	double per_packet, most_packets; /* cycles; of the busiest stage */
};

/* Adds up the rounds. Stages beyond the table's end count as its last. */
static bool add_up(const struct view_scenario *s, size_t cell, size_t system, struct stage_sum *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; i < s->n_raw; i++) {
		const json_t *list = chart_data(s, &s->raw[i], cell, "stages");

		if (s->raw[i].system != system || !json_get_bool(s->raw[i].raw, "valid", true))
			continue;
		for (size_t k = 0; k < json_array_size(list); k++) {
			const json_t *item = json_array_get(list, k);
			const char *name = json_get_str(item, "name", "");
			size_t at = 0;

			while (at < sum->n && strcmp(sum->names[at], name) != 0)
				at++;
			if (at == STAGES)
				at = STAGES - 1;
			if (at == sum->n)
				sum->names[sum->n++] = name;
			sum->cycles[at] += chart_number(item, "cycles");
			sum->packets[at] += chart_number(item, "packets");
		}
	}
	for (size_t k = 0; k < sum->n; k++)
		sum->most_packets = fmax(sum->most_packets, sum->packets[k]);
	if (sum->most_packets == 0)
		return false;
	for (size_t k = 0; k < sum->n; k++)
		sum->per_packet += sum->cycles[k] / sum->most_packets;
	return sum->per_packet > 0;
}

bool chart_stages_has(const struct view_scenario *s, size_t cell)
{
	struct stage_sum sum;

	for (size_t i = 0; i < s->view->n_systems; i++)
		if (add_up(s, cell, i, &sum))
			return true;
	return false;
}

static double height_of(const struct chart *c, const struct stage_sum *sum)
{
	size_t columns = c->width < CHART_WIDE ? 1 : 3;

	return TITLE + BAR + 8 + (double)((sum->n + columns - 1) / columns) * LINE + GAP;
}

static void draw_system(const struct chart *c, const struct stage_sum *sum, size_t system,
			double scale, double y)
{
	size_t columns = c->width < CHART_WIDE ? 1 : 3;
	double x = 0, column = c->width / (double)columns;
	char text[160], class[32];

	snprintf(text, sizeof(text), "%.40s: %.0f cycles a packet",
		 c->s->view->systems[system].name, sum->per_packet);
	svg_text(c->out, "head", 0, y + 15, SVG_START, c->width, text);
	y += TITLE;
	for (size_t k = 0; k < sum->n; k++) {
		double cost = sum->cycles[k] / sum->most_packets, w = cost * scale;
		double kx = (double)(k % columns) * column;
		double ky = y + BAR + 8 + (double)(k / columns) * LINE;

		snprintf(text, sizeof(text), "%.40s: %.1f cycles a packet, %.0f %%", sum->names[k],
			 cost, 100 * cost / sum->per_packet);
		snprintf(class, sizeof(class), "stage k%zu", k % 8);
		svg_rect(c->out, class, x, y, w, BAR, text);
		svg_rect(c->out, class, kx, ky + 3, 11, 11, NULL);
		svg_text(c->out, "name", kx + 17, ky + 13, SVG_START, column - 130, sum->names[k]);
		snprintf(text, sizeof(text), "%.1f", cost);
		svg_text(c->out, "value", kx + column - 72, ky + 13, SVG_END, 50, text);
		snprintf(text, sizeof(text), "%.0f %%", 100 * cost / sum->per_packet);
		svg_text(c->out, "tick", kx + column - 28, ky + 13, SVG_END, 40, text);
		x += w;
	}
}

void chart_stages(const struct chart *c, size_t cell, size_t unused)
{
	double height = 0, most = 0, y = 0;
	struct stage_sum sum;
	char title[200];

	for (size_t i = 0; i < c->s->view->n_systems; i++) {
		if (!add_up(c->s, cell, i, &sum))
			continue;
		height += height_of(c, &sum);
		most = fmax(most, sum.per_packet);
	}
	snprintf(title, sizeof(title), "%.60s: cycles by stage, %.80s", c->s->name,
		 view_cell_name(c->s, cell));
	svg_begin(c->out, c->width, height, c->class, (*c->serial)++, title,
		  "A bar for each system that tells its stages; the parts are processor cycles a "
		  "packet.");
	for (size_t i = 0; i < c->s->view->n_systems; i++) {
		if (!add_up(c->s, cell, i, &sum))
			continue;
		draw_system(c, &sum, i, c->width / most, y);
		y += height_of(c, &sum);
	}
	svg_end(c->out);
}
