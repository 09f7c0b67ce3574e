/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/units.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How a unit grows: `base` in front of which prefixes stand, after multiplying with `factor`. */
struct family {
	const char *unit, *base;
	double factor;
	bool small; /* m, µ and n make sense */
};

static const struct family families[] = {
	{"pps", "pps", 1, false},
	{"fps", "fps", 1, false},
	{"bps", "b/s", 1, false},
	{"bit/s", "b/s", 1, false},
	{"b/s", "b/s", 1, false},
	{"B/s", "B/s", 1, false},
	{"bytes/s", "B/s", 1, false},
	{"MB/s", "B/s", 1e6, false},
	{"Mb/s", "b/s", 1e6, false},
	{"Gb/s", "b/s", 1e9, false},
	{"bytes", "B", 1, false},
	{"B", "B", 1, false},
	{"IOPS", "IOPS", 1, false},
	{"iops", "IOPS", 1, false},
	{"Hz", "Hz", 1, false},
	{"frames", "frames", 1, false},
	{"packets", "packets", 1, false},
	{"addresses", "addresses", 1, false},
	{"s", "s", 1, true},
	{"ms", "s", 1e-3, true},
	{"us", "s", 1e-6, true},
	{"µs", "s", 1e-6, true},
	{"ns", "s", 1e-9, true},
};

static const struct {
	double from;
	const char *prefix;
} prefixes[] = {{1e12, "T"}, {1e9, "G"},  {1e6, "M"},  {1e3, "k"},
		{1, ""},     {1e-3, "m"}, {1e-6, "µ"}, {1e-9, "n"}};

enum { N_PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]), PLAIN = 4 };

void unit_scale(const char *unit, double magnitude, struct unit_scale *scale)
{
	const struct family *f = NULL;
	double base, from;
	size_t i = 0;

	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]) && !f; k++)
		if (!strcmp(families[k].unit, unit))
			f = &families[k];
	if (!f) {
		scale->factor = !strcmp(unit, "ratio") ? 100 : 1;
		snprintf(scale->name, sizeof(scale->name), "%.28s",
			 !strcmp(unit, "ratio") ? "%" : unit);
		return;
	}
	base = fabs(magnitude) * f->factor;
	if (base == 0)
		i = PLAIN;
	/* A little below a prefix rounds up to it: 999.7 k is 1.00 M. */
	while (i < N_PREFIXES - 1 && i != PLAIN && base < prefixes[i].from * 0.9995)
		i++;
	if (i == PLAIN && f->small && base != 0)
		while (i < N_PREFIXES - 1 && base < prefixes[i].from * 0.9995)
			i++;
	/* Time has no larger units here than the second: 1240 s. */
	if (f->small && i < PLAIN)
		i = PLAIN;
	from = prefixes[i].from;
	scale->factor = f->factor / from;
	/* "MB", "Mpps", "µs"; but "k IOPS" and "M frames" read better with a space. */
	snprintf(scale->name, sizeof(scale->name), "%s%s%s", prefixes[i].prefix,
		 i != PLAIN && (strlen(f->base) > 3) ? " " : "", f->base);
}

void unit_digits(char *out, size_t size, double value)
{
	double a = fabs(value);
	int decimals = a == 0 ? 0 : a < 0.0995 ? 3 : a < 9.995 ? 2 : a < 99.95 ? 1 : 0;

	if (a != 0 && a < 0.001)
		snprintf(out, size, "%.2g", value);
	else
		snprintf(out, size, "%.*f", decimals, value);
}

void unit_tick(char *out, size_t size, double value)
{
	double a = fabs(value);

	/* Multiples of a step are a little off: 3 * 0.1 is not 0.3, nor 0.1 - 0.1 always 0. */
	if (a < 1e-15)
		snprintf(out, size, "0");
	else
		snprintf(out, size, a >= 1e6 && a < 1e15 ? "%.0f" : "%.6g", value);
}

void unit_scaled(char *out, size_t size, double value, const struct unit_scale *scale)
{
	char digits[48];

	unit_digits(digits, sizeof(digits), value * scale->factor);
	snprintf(out, size, "%s%s%s", digits, scale->name[0] ? " " : "", scale->name);
}

void unit_value(char *out, size_t size, double value, const char *unit)
{
	struct unit_scale scale;

	unit_scale(unit, value, &scale);
	unit_scaled(out, size, value, &scale);
}
