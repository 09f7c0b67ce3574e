/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as people type them: 64, 0.5, 1k, 100k, 2M, 0.1%. Any thread. */
#ifndef BENCH_NUMBER_H
#define BENCH_NUMBER_H

#include <stdbool.h>

/* k, M and G are thousands; "64k" of bytes is what the scenario makes of it; % divides by 100.
 * 0, or -EINVAL when the text is not a number that is finite and not negative. */
int number_parse(const char *text, double *value);

/* Is the text one of `values`: words and ranges separated by |, as "64..9018|imix|64k"? A word in
 * it counts before a range. */
bool number_allowed(const char *text, const char *values);

#endif
