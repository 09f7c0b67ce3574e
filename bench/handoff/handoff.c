/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/handoff/handoff.h"

#include "base/json.h"
#include "bench/load/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct handoff {
	struct agent_pair pair;
	unsigned int pause_us;
};

int handoff_start(const struct handoff_spec *spec, struct handoff **out, struct err *e)
{
	struct handoff *h = calloc(1, sizeof(*h));
	struct tcp_end offers = spec->a;
	int ret;

	if (!h)
		return err_set(e, -ENOMEM, "out of memory");
	h->pause_us = spec->pause_us;
	/* It speaks with flued itself, so the library is not wanted. The other end answers what it
	 * gets, as in the load of requests. */
	offers.chimney = NULL;
	ret = pair_start(&h->pair, spec->name, &(struct pair_side){"__handoff", "handoff", &offers},
			 &(struct pair_side){"__rr", "peer", &spec->b}, e);
	if (!ret)
		ret = pair_connect(&h->pair, spec->b.address, spec->cc,
				   json_pack("{s:s}", "chimney", spec->a.chimney),
				   json_pack("{s:i, s:i}", "connections", 1, "bytes", 1), e);
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
	pair_stop(&h->pair);
	free(h);
}

int handoff_freeze(struct handoff *h, bool freeze, struct err *e)
{
	return pair_freeze(&h->pair, freeze, e);
}

int handoff_run(struct handoff *h, double seconds, struct handoff_result *r, struct err *e)
{
	json_t *reply = NULL;
	int ret;

	memset(r, 0, sizeof(*r));
	ret = agent_ask(h->pair.a,
			json_pack("{s:s, s:I, s:i}", "do", "move", "ns",
				  (json_int_t)(seconds * 1e9), "pause_us", (int)h->pause_us),
			(unsigned int)(seconds * 1000) + PAIR_ASK_MS, &reply, e);
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
