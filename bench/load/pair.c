/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/pair.h"

#include "base/json.h"

#include <stdio.h>

enum { CONNECT_MS = 10 * PAIR_ASK_MS }; /* there may be many */

static int start(struct agent **a, const char *name, const struct pair_side *side, struct err *e)
{
	const struct tcp_end *end = side->end;
	char unique[64];

	snprintf(unique, sizeof(unique), "%.40s-%s", name, side->suffix);
	return agent_start(
		&(struct agent_spec){unique, side->command, end->netns, end->cpus, end->chimney}, a,
		e);
}

int pair_start(struct agent_pair *p, const char *name, const struct pair_side *a,
	       const struct pair_side *b, struct err *e)
{
	int ret = start(&p->a, name, a, e);

	if (!ret)
		ret = start(&p->b, name, b, e);
	if (ret)
		pair_stop(p);
	return ret;
}

void pair_stop(struct agent_pair *p)
{
	agent_stop(p->a);
	agent_stop(p->b);
	*p = (struct agent_pair){0};
}

int pair_freeze(const struct agent_pair *p, bool freeze, struct err *e)
{
	int ret = agent_freeze(p->a, freeze, e);

	return ret ? ret : agent_freeze(p->b, freeze, e);
}

static int listen_port(const struct agent_pair *p, const char *address, const char *cc,
		       int64_t *port, struct err *e)
{
	json_t *reply = NULL;
	int ret = agent_ask(
		p->b, json_pack("{s:s, s:s, s:s*}", "do", "listen", "address", address, "cc", cc),
		PAIR_ASK_MS, &reply, e);

	if (!ret)
		*port = json_get_int(reply, "port", 0);
	json_decref(reply);
	return ret;
}

static int ask(struct agent *a, json_t *request, json_t *more, struct err *e)
{
	json_object_update(request, more);
	return agent_ask(a, request, CONNECT_MS, NULL, e);
}

int pair_connect(const struct agent_pair *p, const char *address, const char *cc, json_t *connect,
		 json_t *accept, struct err *e)
{
	int64_t port;
	int ret = listen_port(p, address, cc, &port, e);

	if (!ret)
		ret = ask(p->a,
			  json_pack("{s:s, s:s, s:I, s:s*}", "do", "connect", "address", address,
				    "port", (json_int_t)port, "cc", cc),
			  connect, e);
	if (!ret)
		ret = ask(p->b, json_pack("{s:s}", "do", "accept"), accept, e);
	json_decref(connect);
	json_decref(accept);
	return ret;
}
