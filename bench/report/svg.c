/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/svg.h"
#include "bench/report/out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A character of the 12-pixel sans-serif type is about so wide; measured on the generous side. */
static const double char_width = 6.7;

void svg_begin(FILE *f, double width, double height, const char *class, unsigned int serial,
	       const char *title, const char *desc)
{
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"%s\" viewBox=\"0 0 %.0f %.0f\" "
		"width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-labelledby=\"t%u d%u\">",
		class, width, height, width, height, serial, serial);
	fprintf(f, "<title id=\"t%u\">", serial);
	out_text(f, title);
	fprintf(f, "</title><desc id=\"d%u\">", serial);
	out_text(f, desc);
	fputs("</desc>\n", f);
}

void svg_end(FILE *f)
{
	fputs("</svg>\n", f);
}

void svg_line(FILE *f, const char *class, double x1, double y1, double x2, double y2)
{
	fprintf(f, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
		x1, y1, x2, y2);
}

/* The end of a shape's tag, with the hint inside. */
static void finish(FILE *f, const char *element, const char *hint)
{
	if (!hint) {
		fputs("/>\n", f);
		return;
	}
	fputs("><title>", f);
	out_text(f, hint);
	fprintf(f, "</title></%s>\n", element);
}

void svg_rect(FILE *f, const char *class, double x, double y, double w, double h, const char *hint)
{
	if (w < 0) {
		x += w;
		w = -w;
	}
	fprintf(f, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", class,
		x, y, w, h);
	finish(f, "rect", hint);
}

void svg_mark(FILE *f, const char *class, unsigned int kind, double x, double y, double r,
	      const char *hint)
{
	switch (kind % 4) {
	case 0:
		fprintf(f, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", class, x, y,
			r);
		finish(f, "circle", hint);
		return;
	case 1:
		svg_rect(f, class, x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r, hint);
		return;
	case 2:
		fprintf(f, "<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fh%.1fz\"", class, x,
			y - 1.2 * r, 1.2 * r, 2.1 * r, -2.4 * r);
		break;
	default:
		fprintf(f, "<path class=\"%s\" d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\"",
			class, x, y - 1.3 * r, 1.3 * r, 1.3 * r, -1.3 * r, 1.3 * r, -1.3 * r,
			-1.3 * r);
	}
	finish(f, "path", hint);
}

double svg_width(const char *text)
{
	return char_width * (double)out_length(text);
}

void svg_text(FILE *f, const char *class, double x, double y, enum svg_anchor anchor, double room,
	      const char *text)
{
	static const char *const anchors[] = {"start", "middle", "end"};
	size_t max = room > 2 * char_width ? (size_t)floor(room / char_width) : 2;
	char cut[512];

	if (max > 120)
		max = 120;
	out_cut(cut, sizeof(cut), text, max);
	fprintf(f, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y,
		anchors[anchor]);
	if (strcmp(cut, text) != 0) {
		fputs("<title>", f);
		out_text(f, text);
		fputs("</title>", f);
	}
	out_text(f, cut);
	fputs("</text>\n", f);
}
