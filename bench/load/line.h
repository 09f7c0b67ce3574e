/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON objects over a stream socket, one a line: how flue-bench and the processes it starts for a
 * load speak with each other. One thread an end.
 */
#ifndef BENCH_LOAD_LINE_H
#define BENCH_LOAD_LINE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_MAX_BYTES = 4 << 20 };

struct line {
	int fd; /* the caller's */
	char *buf;
	size_t used, size;
};

void line_init(struct line *l, int fd);
void line_clear(struct line *l); /* frees what is buffered; does not close */

/* 0; -EPIPE when the other end is gone, or another negative errno. */
int line_send(int fd, const json_t *object);

/* Waits for the next object until deadline_ns (clock_now_ns(); 0: for ever). *object is a new
 * reference. -ETIMEDOUT; -EPIPE: the other end is gone; -EPROTO: not a line of JSON, or one above
 * LINE_MAX_BYTES. */
int line_recv(struct line *l, uint64_t deadline_ns, json_t **object);

#endif
