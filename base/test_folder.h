/* SPDX-License-Identifier: BSD-3-Clause */
/* A shell command within a folder of a test's own. */
#ifndef BASE_TEST_FOLDER_H
#define BASE_TEST_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static inline void folder_run(const char *folder, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline void folder_run(const char *folder, const char *fmt, ...)
{
	char command[1024];
	va_list ap;
	int len = snprintf(command, sizeof(command), "cd %s && ", folder);

	va_start(ap, fmt);
	vsnprintf(command + len, sizeof(command) - (size_t)len, fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

#endif
