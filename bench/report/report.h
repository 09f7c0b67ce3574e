/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report of one or more runs: one HTML page that needs nothing but itself
 * (docs/bench-report.md).
 */
#ifndef BENCH_REPORT_REPORT_H
#define BENCH_REPORT_REPORT_H

#include "base/err.h"

#include <jansson.h>
#include <stdio.h>

/* Writes the page. runs: as runfile_read() gives them, in any order; kept as they are. The same
 * runs give the same page, byte for byte. The page is well-formed XML. 0; -EINVAL without runs,
 * -ENOMEM, -EIO. Any thread. */
int report_write(json_t *const *runs, size_t n, FILE *out, struct err *e);

#endif
