/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/words.h"

#include <stdarg.h>
#include <stdio.h>

void words_put(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->text + w->len, w->size - w->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		w->len = w->len + (size_t)n < w->size ? w->len + (size_t)n : w->size - 1;
}
