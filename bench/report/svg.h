/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pieces of a picture. Colours and fonts come from the page's style sheet by class; lengths are in
 * the picture's own units, which are pixels where it is shown at its natural size. Any thread.
 */
#ifndef BENCH_REPORT_SVG_H
#define BENCH_REPORT_SVG_H

#include <stdio.h>

/* A picture with what it is (title) and what it shows (desc), both escaped here. serial: a number
 * no other picture of the page has. */
void svg_begin(FILE *f, double width, double height, const char *class, unsigned int serial,
	       const char *title, const char *desc);
void svg_end(FILE *f);

void svg_line(FILE *f, const char *class, double x1, double y1, double x2, double y2);
/* hint: shown under the pointer, or NULL. */
void svg_rect(FILE *f, const char *class, double x, double y, double w, double h, const char *hint);

/* The mark of the n-th kind (circle, square, triangle, diamond), about 2 * r wide. */
void svg_mark(FILE *f, const char *class, unsigned int kind, double x, double y, double r,
	      const char *hint);

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };
/* A text that takes at most `room`: what is longer is cut, and whole under the pointer. */
void svg_text(FILE *f, const char *class, double x, double y, enum svg_anchor anchor, double room,
	      const char *text);
/* How wide a text is, about. */
double svg_width(const char *text);

#endif
