/* SPDX-License-Identifier: BSD-3-Clause */
/* What scenarios use to read their cell and to fill their samples. */
#include "bench/number.h"
#include "bench/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cell_text(const struct cell *cell, const char *name)
{
	const char *text = json_string_value(json_object_get(cell->params, name));

	return text ? text : "";
}

double cell_number(const struct cell *cell, const char *name)
{
	double value = 0;

	/* What stands in a cell was checked when it was made. */
	if (number_parse(cell_text(cell, name), &value))
		return 0;
	return value;
}

bool cell_on(const struct cell *cell, const char *name)
{
	return !strcmp(cell_text(cell, name), "on");
}

static void add(struct sample *s, struct sample_value value)
{
	if (s->n < SAMPLE_VALUES)
		s->values[s->n++] = value;
	else
		sample_spoil(s, "more than %d values in a sample", SAMPLE_VALUES);
}

void sample_add(struct sample *s, const char *metric, const char *unit, bool lower_better,
		double value)
{
	add(s, (struct sample_value){metric, unit, lower_better, false, value});
}

void sample_inform(struct sample *s, const char *metric, const char *unit, double value)
{
	add(s, (struct sample_value){metric, unit, false, true, value});
}

void sample_percentile(struct sample *s, const struct hist *h, const char *metric, double percent,
		       bool informal)
{
	uint64_t ns;

	if (hist_percentile(h, percent, &ns))
		add(s, (struct sample_value){metric, "ns", true, informal, (double)ns});
}

void sample_spoil(struct sample *s, const char *fmt, ...)
{
	va_list args;

	s->valid = false;
	va_start(args, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, args);
	va_end(args);
}
