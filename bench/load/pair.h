/* SPDX-License-Identifier: BSD-3-Clause */
/* Two processes with TCP connections between them, each in a namespace of its own. Main thread. */
#ifndef BENCH_LOAD_PAIR_H
#define BENCH_LOAD_PAIR_H

#include "bench/load/agent.h"
#include "bench/load/tcp.h"

/* Beyond what the processes allow themselves, so that theirs is the message that comes. */
enum { PAIR_ASK_MS = 15000 };

struct agent_pair {
	struct agent *a, *b;
};

/* One of them: the subcommand it runs, and what its log's name ends in. */
struct pair_side {
	const char *command, *suffix;
	const struct tcp_end *end;
};

/* name: of the load, unique in this run; at most 40 characters. On failure none of them runs. */
int pair_start(struct agent_pair *p, const char *name, const struct pair_side *a,
	       const struct pair_side *b, struct err *e);
void pair_stop(struct agent_pair *p); /* also of one that was never started: all zeros */
int pair_freeze(const struct agent_pair *p, bool freeze, struct err *e);

/* b listens at its address, a connects to it, b accepts. connect, accept: what those two requests
 * say beside that; their references are taken over. cc: congestion control; NULL: the host's. */
int pair_connect(const struct agent_pair *p, const char *address, const char *cc, json_t *connect,
		 json_t *accept, struct err *e);

#endif
