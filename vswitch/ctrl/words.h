/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VSWITCH_CTRL_WORDS_H
#define VSWITCH_CTRL_WORDS_H

#include <stddef.h>

/* Text that is written to its end and no further, always with a NUL. Begins with size > 0. */
struct words {
	char *text;
	size_t size, len;
};

/* Any thread. */
void words_put(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
