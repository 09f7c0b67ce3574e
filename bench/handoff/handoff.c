/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/handoff/handoff.h"

#include "base/json.h"
#include "bench/load/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 15000 };

struct handoff {
	struct agent *a, *b;
	unsigned int pause_us;
};

/* b answers what it gets, as in the load of requests. */
static int connect_ends(struct handoff *h, const struct handoff_spec *spec, struct err *e)
{
	json_t *reply = NULL;
	int64_t port;
	int ret = agent_ask(h->b,
			    json_pack("{s:s, s:s, s:s*}", "do", "listen", "address",
				      spec->b.address, "cc", spec->cc),
			    ASK_MS, &reply, e);

	if (ret)
		return ret;
	port = json_get_int(reply, "port", 0);
	json_decref(reply);
	ret = agent_ask(h->a,
			json_pack("{s:s, s:s, s:I, s:s*, s:s}", "do", "connect", "address",
				  spec->b.address, "port", (json_int_t)port, "cc", spec->cc,
				  "chimney", spec->a.chimney),
			ASK_MS, NULL, e);
	if (ret)
		return ret;
	return agent_ask(h->b,
			 json_pack("{s:s, s:i, s:i}", "do", "accept", "connections", 1, "bytes", 1),
			 ASK_MS, NULL, e);
}

int handoff_start(const struct handoff_spec *spec, struct handoff **out, struct err *e)
{
	struct handoff *h = calloc(1, sizeof(*h));
	char name[64];
	int ret;

	if (!h)
		return err_set(e, -ENOMEM, "out of memory");
	h->pause_us = spec->pause_us;
	/* It speaks with flued itself, so the library is not wanted. */
	snprintf(name, sizeof(name), "%.40s-handoff", spec->name);
	ret = agent_start(&(struct agent_spec){.name = name,
					       .command = "__handoff",
					       .netns = spec->a.netns,
					       .cpus = spec->a.cpus},
			  &h->a, e);
	snprintf(name, sizeof(name), "%.40s-peer", spec->name);
	if (!ret)
		ret = agent_start(&(struct agent_spec){.name = name,
						       .command = "__rr",
						       .netns = spec->b.netns,
						       .cpus = spec->b.cpus},
				  &h->b, e);
	if (!ret)
		ret = connect_ends(h, spec, e);
	if (ret) {
		handoff_stop(h);
		return ret;
	}
	*out = h;
	return 0;
}

void handoff_stop(struct handoff *h)
{
	if (!h)
		return;
	agent_stop(h->a);
	agent_stop(h->b);
	free(h);
}

int handoff_freeze(struct handoff *h, bool freeze, struct err *e)
{
	int ret = agent_freeze(h->a, freeze, e);

	return ret ? ret : agent_freeze(h->b, freeze, e);
}

int handoff_run(struct handoff *h, double seconds, struct handoff_result *r, struct err *e)
{
	json_t *reply = NULL;
	int ret;

	memset(r, 0, sizeof(*r));
	ret = agent_ask(h->a,
			json_pack("{s:s, s:I, s:i}", "do", "move", "ns",
				  (json_int_t)(seconds * 1e9), "pause_us", (int)h->pause_us),
			(unsigned int)(seconds * 1000) + ASK_MS, &reply, e);
	if (ret)
		return ret;
	r->refused = (uint64_t)json_get_int(reply, "refused", 0);
	if (hist_from_json(json_object_get(reply, "offer"), &r->offer) ||
	    hist_from_json(json_object_get(reply, "upload"), &r->upload) ||
	    hist_from_json(json_object_get(reply, "repair"), &r->repair))
		ret = err_set(e, -EPROTO, "a histogram of the moves makes no sense");
	else if (!r->offer.total)
		snprintf(r->why, sizeof(r->why), "flued took the connection not once: %.100s",
			 json_get_str(reply, "last", "it was not asked"));
	json_decref(reply);
	return ret;
}
