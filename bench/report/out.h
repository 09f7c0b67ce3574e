/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing text into a page. What comes from a run file is not trusted: it goes through out_text()
 * and nothing else. The page is well-formed XML as well as HTML. Any thread.
 */
#ifndef BENCH_REPORT_OUT_H
#define BENCH_REPORT_OUT_H

#include <stddef.h>
#include <stdio.h>

/* UTF-8 text with markup escaped, for content and for quoted attributes alike. Characters XML does
 * not have (control characters) become U+FFFD. */
void out_text(FILE *f, const char *text);

/* The same, formatted first. */
void out_textf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* <tag>text</tag>; tag may carry attributes of ours: `td class="n"`. */
void out_element(FILE *f, const char *tag, const char *text);

/* How many characters a text has (not bytes). */
size_t out_length(const char *text);

/* The text, cut with an ellipsis to at most `max` characters (1 or more). out: 4 * max + 1 bytes
 * are always enough. */
void out_cut(char *out, size_t size, const char *text, size_t max);

#endif
