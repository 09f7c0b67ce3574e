/* SPDX-License-Identifier: BSD-3-Clause */
/* GET /metrics over HTTP: a text in the Prometheus text format, version 0.0.4. */
#ifndef API_SERVE_HTTP_TEXT_H
#define API_SERVE_HTTP_TEXT_H

#include "base/err.h"

#include <event2/event.h>
#include <stddef.h>

/* The text, malloc()ed; len: its bytes. NULL with e filled: the request is answered with 503. Main
 * thread. */
typedef char *(*http_text_fn)(void *ctx, size_t *len, struct err *e);

struct http_text;

/* Serves on addr, "ADDRESS:PORT" ("127.0.0.1:9188", "[::]:9188"; port 0: any free one), in base's
 * loop. NULL with e filled: -EINVAL for a bad addr, or the errno of bind(2). Main thread. */
struct http_text *http_text_new(struct event_base *base, const char *addr, http_text_fn fn,
				void *ctx, struct err *e);

/* The TCP port it listens on. Main thread. */
int http_text_port(const struct http_text *s);

/* Stops listening and closes all connections. NULL is fine. Main thread. */
void http_text_free(struct http_text *s);

#endif
