/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: cuts what arrives into lines, has each answered, and sends the answers in order.
 * What one peer can make us hold is bounded: of input by the longest line, of output because no
 * further request is taken while RPC_OUT_PAUSE bytes of answers are unsent.
 */
#ifndef API_SERVE_RPC_CONN_H
#define API_SERVE_RPC_CONN_H

#include "base/json.h"

#include <event2/event.h>
#include <stddef.h>

#define RPC_OUT_PAUSE (1u << 20)  /* bytes unsent at which requests wait */
#define RPC_OUT_MAX   (64u << 20) /* bytes unsent at which the connection ends */

struct rpc_conn;

struct rpc_conn_ops {
	/* Answers the line (without line feed): a new reference, or NULL for no answer.
	 * It may call rpc_conn_wait() and must not free the connection. */
	json_t *(*line)(void *arg, struct rpc_conn *c, const char *text, size_t len);
	/* The connection ended and is about to be freed. */
	void (*closed)(void *arg, struct rpc_conn *c);
};

/* Serves the connected non-blocking socket fd, which is taken over: closed also on failure.
 * NULL: out of memory. Main thread. */
struct rpc_conn *rpc_conn_new(struct event_base *base, int fd, const struct rpc_conn_ops *ops,
			      void *arg);

/* From inside ops->line, which then returns NULL: the answer comes later, and no further line is
 * taken before it. */
void rpc_conn_wait(struct rpc_conn *c);
/* The answer that was waited for, taken over; NULL: there is none. It is sent, and the connection
 * goes on, in another turn of the loop. Main thread. */
void rpc_conn_answer(struct rpc_conn *c, json_t *answer);

/* Closes at once, unsent answers are lost; does not call ops->closed. Main thread. */
void rpc_conn_free(struct rpc_conn *c);

#endif
