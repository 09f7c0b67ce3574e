/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int suffix(const char *text, double *factor)
{
	static const struct {
		const char *name;
		double factor;
	} known[] = {{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"%", 0.01}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(text, known[i].name)) {
			*factor = known[i].factor;
			return 0;
		}
	}
	return -EINVAL;
}

int number_parse(const char *text, double *value)
{
	char *end;
	double number, factor;

	/* strtod() takes signs, blanks, "inf" and hexadecimal digits too. */
	if (!strspn(text, "0123456789.") || strspn(text, "0123456789.eE+-kKMG%") != strlen(text))
		return -EINVAL;
	number = strtod(text, &end);
	if (end == text || suffix(end, &factor) || !isfinite(number * factor))
		return -EINVAL;
	*value = number * factor;
	return 0;
}

static bool in_range(const char *text, const char *range, size_t len)
{
	char copy[64], *dots;
	double low, high, value;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, range, len);
	copy[len] = 0;
	dots = strstr(copy, "..");
	if (!dots)
		return !strcmp(text, copy);
	*dots = 0;
	return !number_parse(copy, &low) && !number_parse(dots + 2, &high) &&
	       !number_parse(text, &value) && value >= low && value <= high;
}

bool number_allowed(const char *text, const char *values)
{
	while (*values) {
		size_t len = strcspn(values, "|");

		if (in_range(text, values, len))
			return true;
		values += len;
		values += *values == '|';
	}
	return false;
}
