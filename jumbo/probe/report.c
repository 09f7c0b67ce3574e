/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/probe.h"

#include <sys/socket.h>

static const char *const states[] = {
	[PROBE_CLEAR] = "clear",
	[PROBE_SMALLER_BACK] = "smaller-back",
	[PROBE_TOLD] = "told",
	[PROBE_TOLD_WRONG] = "told-wrong",
	[PROBE_BLACK_HOLE] = "black-hole",
	[PROBE_UNREACHABLE] = "unreachable",
};

static json_t *told_json(const struct probe_told *t)
{
	json_t *o = json_pack("{s:I,s:b}", "size", (json_int_t)t->size, "local", t->local);

	if (t->mtu)
		json_object_set_new(o, "mtu", json_integer(t->mtu));
	if (t->from[0])
		json_object_set_new(o, "address", json_string(t->from));
	return o;
}

static json_t *hop_json(unsigned int hop, const char *address)
{
	json_t *o = json_pack("{s:i}", "hop", (int)hop);

	if (address[0])
		json_object_set_new(o, "address", json_string(address));
	return o;
}

/* Who told it; or between which hops it is. What flued knows of it is the caller's to add. */
static json_t *where_json(const char *target, const struct probe_result *r)
{
	json_t *o = json_object();

	if (r->teller >= 0)
		json_object_set_new(o, "told", told_json(&r->told[r->teller]));
	if (r->hops.known) {
		json_object_set_new(o, "after", hop_json(r->hops.after, r->hops.after_address));
		json_object_set_new(o, "before",
				    hop_json(r->hops.before, r->hops.before_target
								     ? target
								     : r->hops.before_address));
		json_object_set_new(o, "maybe_back", json_boolean(r->hops.before_target));
	}
	return o;
}

json_t *probe_json(const char *target, const struct probe_result *r)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:b,s:i,s:i}", "target", target, "family",
			      r->family == AF_INET ? "ipv4" : "ipv6", "state", states[r->state],
			      "black_hole", r->black_hole, "probes_sent", (int)r->sent, "answers",
			      (int)r->answers);

	if (r->interface_mtu)
		json_object_set_new(o, "interface_mtu", json_integer(r->interface_mtu));
	if (r->cached_mtu)
		json_object_set_new(o, "cached_mtu", json_integer(r->cached_mtu));
	if (r->asked)
		json_object_set_new(o, "asked", json_integer(r->asked));
	if (r->reason[0])
		json_object_set_new(o, "reason", json_string(r->reason));
	if (r->state == PROBE_UNREACHABLE)
		return o;
	json_object_set_new(
		o, "forward",
		json_pack("{s:I,s:b}", "mtu", (json_int_t)r->forward, "exact", r->forward_exact));
	json_object_set_new(o, "backward",
			    json_pack("{s:I,s:b,s:b}", "mtu", (json_int_t)r->backward, "at_least",
				      !r->backward_exact, "cut", r->cut));
	if (r->fails) {
		json_object_set_new(o, "fails", json_integer(r->fails));
		json_object_set_new(o, "shrinks_at", where_json(target, r));
	}
	return o;
}
