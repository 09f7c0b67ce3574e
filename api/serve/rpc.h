/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: JSON-RPC 2.0, one message a line (docs/rpc.md), served by the main thread's
 * event loop. Requests of one connection are carried out one after the other and answered in
 * order; between connections there is no order.
 */
#ifndef API_SERVE_RPC_H
#define API_SERVE_RPC_H

#include "base/err.h"
#include "base/json.h"

#include <event2/event.h>

#define RPC_CONNS_MAX 64

/* Carries out a method. params: what api/tables.c says the method takes, already checked; NULL
 * when there are none. Returns the result, a new reference, or NULL with e filled: e->code a
 * negative errno, e->path the JSON pointer of the parameter at fault or "". It runs in the event
 * loop and must neither block nor free the server. Main thread. */
typedef json_t *(*rpc_fn)(void *ctx, const json_t *params, struct err *e);

struct rpc_handler {
	const char *method;
	rpc_fn fn;
};

/* A request whose answer comes later. */
struct rpc_reply;

/* Begins a method that waits for somebody else. For each call one of the two functions below is
 * called once, at once or later; the server may be gone by then. Meanwhile that connection's next
 * requests wait. Such a method cannot stand in a batch. Main thread. */
typedef void (*rpc_later_fn)(void *ctx, const json_t *params, struct rpc_reply *reply);
void rpc_reply_result(struct rpc_reply *r, json_t *result); /* takes the reference over */
void rpc_reply_error(struct rpc_reply *r, const struct err *e);

struct rpc_later {
	const char *method;
	rpc_later_fn fn;
};

struct rpc_server;

/* Listens on a UNIX socket at path as rpc_listen() describes and serves it in base's loop. ctx
 * goes to each handler. path is copied; handlers (ended by a NULL method) must live as long as the
 * server. A method without a handler is answered as unknown. From here on SIGPIPE is ignored: a
 * peer that goes away must not end the process. NULL with e filled on error. Main thread. */
struct rpc_server *rpc_server_new(struct event_base *base, const char *path, const char *group,
				  const struct rpc_handler *handlers, void *ctx, struct err *e);

/* Methods that answer later, beside the others; the table as handlers above. Main thread. */
void rpc_server_later(struct rpc_server *s, const struct rpc_later *later);

/* Which connection's request is being carried out: a number that no other one gets. 0: none is, or
 * there is no server. For what belongs to a connection, and ends with it: gone(ctx, number) is then
 * called once it has ended, also by rpc_server_free(). Main thread. */
uint64_t rpc_server_caller(const struct rpc_server *s);
void rpc_server_on_gone(struct rpc_server *s, void (*gone)(void *ctx, uint64_t caller));

/* Closes all connections (answers not yet sent are lost) and removes the socket from the file
 * system, unless another process has put its own there. NULL is fine. Main thread. */
void rpc_server_free(struct rpc_server *s);

#endif
