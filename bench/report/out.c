/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/out.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd";

/* U+FFFE and U+FFFF, which XML forbids: EF BF BE, EF BF BF. */
static bool is_noncharacter(const unsigned char *c)
{
	return c[0] == 0xef && c[1] == 0xbf && (c[2] == 0xbe || c[2] == 0xbf);
}

/* How many bytes the character has that begins here; 0: none begins here, or it is cut off. */
static unsigned int sequence(const unsigned char *c)
{
	unsigned int n = *c < 0x80   ? 1
			 : *c < 0xc2 ? 0
			 : *c < 0xe0 ? 2
			 : *c < 0xf0 ? 3
			 : *c < 0xf5 ? 4
				     : 0;

	for (unsigned int i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void out_text(FILE *f, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '&') {
			fputs("&amp;", f);
		} else if (*c == '<') {
			fputs("&lt;", f);
		} else if (*c == '>') {
			fputs("&gt;", f);
		} else if (*c == '"') {
			fputs("&quot;", f);
		} else if (*c == '\'') {
			fputs("&#39;", f);
		} else if (*c == '\n' || *c == '\t') {
			putc(' ', f);
		} else if (*c < 0x20 || *c == 0x7f || !sequence(c)) {
			fputs(replacement, f);
		} else if (is_noncharacter(c)) {
			fputs(replacement, f);
			c += 2;
		} else {
			fwrite(c, sequence(c), 1, f);
			c += sequence(c) - 1;
		}
	}
}

void out_textf(FILE *f, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) >= 0) {
		out_text(f, text);
		free(text);
	}
	va_end(args);
}

void out_element(FILE *f, const char *tag, const char *text)
{
	fprintf(f, "<%s>", tag);
	out_text(f, text);
	fprintf(f, "</%.*s>", (int)strcspn(tag, " "), tag);
}

static bool starts(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t out_length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += starts(*text);
	return n;
}

void out_cut(char *out, size_t size, const char *text, size_t max)
{
	const char *end = text;

	if (out_length(text) <= max) {
		snprintf(out, size, "%s", text);
		return;
	}
	for (size_t n = 0; n < max; n++)
		for (end++; !starts(*end); end++)
			;
	/* The last of them gives way to the ellipsis. */
	do
		end--;
	while (!starts(*end));
	snprintf(out, size, "%.*s…", (int)(end - text), text);
}
