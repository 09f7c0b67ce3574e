/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON-RPC 2.0 messages as text: what a line asks, and the lines that answer it. Pure functions
 * over (pointer, length); nothing here knows of sockets.
 *
 * A line is one request, or a batch: an array of 1 to RPC_BATCH_MAX requests, answered by one
 * array of the answers in the same order (no line at all when all were notifications). A request
 * without an id is a notification: it is carried out and not answered, not even when it fails.
 * An id is a string, a number or null. Unknown members of a request are ignored.
 */
#ifndef API_SERVE_RPC_MSG_H
#define API_SERVE_RPC_MSG_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

#define RPC_LINE_MAX  (1u << 20) /* bytes of a request, its line feed not counted */
#define RPC_BATCH_MAX 64

/* JSON-RPC 2.0, section 5.1. */
enum rpc_code {
	RPC_NOT_JSON = -32700,
	RPC_NOT_REQUEST = -32600,
	RPC_NO_METHOD = -32601,
	RPC_BAD_PARAMS = -32602,
	RPC_FAILED = -32000,
};

struct rpc_request {
	const json_t *id; /* NULL: a notification */
	const char *method;
	const json_t *params; /* an object or an array; NULL: none */
};

/* Reads the line (without its line feed). Returns the request, an object, or the batch, a
 * non-empty array whose members are yet unchecked; the caller's reference. NULL: *code and e say
 * what to answer (to id null). Any thread. */
json_t *rpc_msg_parse(const char *text, size_t len, enum rpc_code *code, struct err *e);

/* Is this JSON value a request? Fills req with borrowed pointers into it. 0, or -EINVAL: the
 * answer is RPC_NOT_REQUEST to req->id, which then is null if it cannot be told. Any thread. */
int rpc_msg_request(const json_t *msg, struct rpc_request *req, struct err *e);

/* The answer to a request: its result (the reference is taken over), or an error. e->code gives
 * error.data.errno and e->path, if not empty, error.data.path. id NULL is written as null.
 * The caller's reference; NULL: out of memory (the result is released). Any thread. */
json_t *rpc_msg_result(const json_t *id, json_t *result);
json_t *rpc_msg_error(const json_t *id, enum rpc_code code, const struct err *e);

/* The answer as a line, line feed and NUL at the end; free() it. len: without the NUL.
 * NULL: out of memory. Any thread. */
char *rpc_msg_line(const json_t *answer, size_t *len);

#endif
