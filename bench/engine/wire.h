/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of JSON between flue-bench and its engine process. Each side's main thread. */
#ifndef BENCH_ENGINE_WIRE_H
#define BENCH_ENGINE_WIRE_H

#include <jansson.h>
#include <stddef.h>

enum { WIRE_LINE = 2048 };

/* Reads a line, without its end. timeout_ms below 0: waits for ever. 0; -ETIMEDOUT, -ECONNRESET
 * when the other side is gone, -EMSGSIZE, or another negative errno. */
int wire_read(int fd, char *line, size_t size, int timeout_ms);

/* Writes a line, and gives the reference up. json may be NULL: -ENOMEM. */
int wire_write(int fd, json_t *json);

#endif
