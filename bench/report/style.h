/* SPDX-License-Identifier: BSD-3-Clause */
/* The report's style sheet: text, light and dark, on paper and on narrow screens. */
#ifndef BENCH_REPORT_STYLE_H
#define BENCH_REPORT_STYLE_H

extern const char report_style[];

#endif
