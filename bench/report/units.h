/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures with their units, in the size a person reads: 5.10 Mpps, 12.4 µs. Any thread; pure. */
#ifndef BENCH_REPORT_UNITS_H
#define BENCH_REPORT_UNITS_H

#include <stddef.h>

struct unit_scale {
	double factor; /* what a value is multiplied with */
	char name[32]; /* "Mpps", "µs"; may be "" */
};

/* The scale in which values of about this magnitude are good to read. unit: as in a run file. */
void unit_scale(const char *unit, double magnitude, struct unit_scale *scale);

/* Three significant digits, without an exponent: "5.10", "12.4", "1240". */
void unit_digits(char *out, size_t size, double value);

/* A round value, for an axis: "0", "0.5", "20". */
void unit_tick(char *out, size_t size, double value);

/* Both: "5.10 Mpps". */
void unit_value(char *out, size_t size, double value, const char *unit);

/* Both, in the scale that is given: for values that stand beside each other. */
void unit_scaled(char *out, size_t size, double value, const struct unit_scale *scale);

#endif
