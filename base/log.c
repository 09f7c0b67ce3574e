/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum log_level level_max = LOG_LVL_INFO;

void log_set_level(enum log_level max)
{
	level_max = max;
}

enum log_level log_get_level(void)
{
	return level_max;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const sd[] = {"<3>", "<4>", "<6>", "<7>"};
	static const char *const word[] = {"error: ", "warning: ", "", "debug: "};
	char line[1024];
	va_list ap;
	int n;

	if (level > level_max)
		return;
	n = snprintf(line, sizeof(line), "%s", getenv("JOURNAL_STREAM") ? sd[level] : word[level]);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	/* One write a line, so that lines of several threads do not mix. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
