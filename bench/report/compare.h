/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two runs of the same scenario, one made after the other. Whether the machines are alike is for
 * the caller to ask. Any thread.
 */
#ifndef BENCH_REPORT_COMPARE_H
#define BENCH_REPORT_COMPARE_H

#include "base/err.h"

#include <jansson.h>
#include <stdio.h>

/*
 * {"schema":"flue-bench-compare/1","scenario","before":{"started"},"after":{"started"},
 *  "comparisons":[{"system","params","metric","unit","lower_better","informal",
 *	"before":{"median","ci95","bound"},"after":{…},       what the runs say
 *	"ratio",                              after ÷ before; absent when a median is not above 0
 *	"ci95":[lo,hi],                       absent when there are too few trials
 *	"verdict":"faster",                   of after; "cannot tell" when both are bound
 *	"bound":["before"]}…],                held back by the generator
 *  "only_before":[{"system","params","metric"}…],"only_after":[…]}
 *
 * The trials were not measured in turn, so that what changed on the machine between the runs is in
 * the ratio, and not in its interval. NULL with e set: -EINVAL for different scenarios, or when the
 * runs have nothing in common.
 */
json_t *compare_runs(const json_t *before, const json_t *after, struct err *e);

/* The same as text for a terminal. */
void compare_text(const json_t *comparison, FILE *out);

#endif
