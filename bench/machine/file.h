/* SPDX-License-Identifier: BSD-3-Clause */
/* Small files of /proc and /sys. Main thread. */
#ifndef BENCH_MACHINE_FILE_H
#define BENCH_MACHINE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Reads at most size - 1 bytes and ends them with 0; a newline at the end is taken off. Bytes, or
 * a negative errno with text empty. dir: as openat(2). */
long file_read_at(int dir, const char *path, char *text, size_t size);
long file_read(const char *path, char *text, size_t size);

/* The whole number the file begins with; false when it cannot be read or is none. */
bool file_number(const char *path, long long *number);

/* Writes the text. 0 or a negative errno. */
int file_write(const char *path, const char *text);

#endif
