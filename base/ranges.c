/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/ranges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A decimal number of at most six digits; -1 when there is none. Advances *p past it. */
static long number(const char **p)
{
	long v = 0;
	int digits = 0;

	while (**p >= '0' && **p <= '9' && digits < 7) {
		v = v * 10 + (**p - '0');
		(*p)++;
		digits++;
	}
	return digits == 0 || digits > 6 ? -1 : v;
}

int ranges_parse(const char *text, uint64_t *bits, unsigned int nbits, unsigned int min,
		 unsigned int max)
{
	const char *p = text;
	int ret = -EINVAL;

	memset(bits, 0, nbits / 8);
	if (*p == '\0')
		return 0;
	for (;;) {
		long lo = number(&p), hi = lo;

		if (lo < 0)
			goto clear;
		if (*p == '-') {
			p++;
			hi = number(&p);
			if (hi < lo)
				goto clear;
		}
		if (lo < (long)min || hi > (long)max) {
			ret = -ERANGE;
			goto clear;
		}
		for (long i = lo; i <= hi; i++)
			ranges_set(bits, (unsigned int)i);
		if (*p == '\0')
			return 0;
		if (*p++ != ',')
			goto clear;
	}
clear:
	memset(bits, 0, nbits / 8);
	return ret;
}

int ranges_format(const uint64_t *bits, unsigned int nbits, char *text, size_t size)
{
	size_t len = 0;

	if (size == 0)
		return -ENOSPC;
	text[0] = '\0';
	for (unsigned int i = 0; i < nbits; i++) {
		unsigned int last = i;
		int n;

		if (!ranges_test(bits, i))
			continue;
		while (last + 1 < nbits && ranges_test(bits, last + 1))
			last++;
		n = last == i
			    ? snprintf(text + len, size - len, "%s%u", len ? "," : "", i)
			    : snprintf(text + len, size - len, "%s%u-%u", len ? "," : "", i, last);
		if (n < 0 || (size_t)n >= size - len)
			return -ENOSPC;
		len += (size_t)n;
		i = last;
	}
	return (int)len;
}
