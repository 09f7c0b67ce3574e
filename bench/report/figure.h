/* SPDX-License-Identifier: BSD-3-Clause */
/* All pictures of a scenario, with their captions and keys, in the order they are shown. */
#ifndef BENCH_REPORT_FIGURE_H
#define BENCH_REPORT_FIGURE_H

#include "bench/report/view.h"

#include <stdio.h>

/* serial: counts the page's pictures. Any thread. */
void figures_write(FILE *f, const struct view_scenario *s, unsigned int *serial);

#endif
