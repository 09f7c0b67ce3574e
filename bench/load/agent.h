/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process of ours that loads something from inside a namespace: `flue-bench __tcp`, `flue-bench
 * __iscsi`. It answers requests over its descriptor 3, one at a time, and sleeps in between, so it
 * may be frozen while it is idle.
 *
 * A request is {"do":"…",…}; an answer is an object, or {"error":"a sentence","code":-110}.
 */
#ifndef BENCH_LOAD_AGENT_H
#define BENCH_LOAD_AGENT_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The side that asks: main thread of flue-bench. */
struct agent;

struct agent_spec {
	const char *name;    /* unique in this run: names the log */
	const char *command; /* the hidden subcommand: "__tcp" */
	const char *netns;   /* NULL: where we are */
	uint64_t cpus;	     /* bit mask; 0: all of ours */
	const char *chimney; /* flued's socket for its connections (under.h); NULL: none */
};

int agent_start(const struct agent_spec *spec, struct agent **a, struct err *e);
void agent_stop(struct agent *a); /* NULL: nothing */

/* Takes over the request's reference. 0; -EPIPE with the end of its log when it is gone. */
int agent_tell(struct agent *a, json_t *request, struct err *e);

/* Waits for the answer. *reply: a new reference, NULL on failure. What the answer calls an error
 * is one here. -ETIMEDOUT. */
int agent_hear(struct agent *a, unsigned int timeout_ms, json_t **reply, struct err *e);

/* Both; reply may be NULL. */
int agent_ask(struct agent *a, json_t *request, unsigned int timeout_ms, json_t **reply,
	      struct err *e);

int agent_freeze(struct agent *a, bool freeze, struct err *e);

/* The side that answers: main thread of the subcommand. Serves until the other end goes away;
 * 0, or a negative errno. An answer of NULL is "out of memory". */
int agent_serve(int fd, json_t *(*answer)(void *arg, const json_t *request), void *arg);
json_t *agent_error(const struct err *e);

#endif
