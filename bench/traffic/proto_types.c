/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/proto.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

enum { FRAME_LEAST = 64, MTU_LEAST = 256, MTU_MOST = 9600 };

static const char *const buffers[] = {"mixed", "one", "2k"};
static const char *const rings[] = {"in-order", "vector", "packed"};
static const char *const patterns[] = {"pairs", "broadcast", "learn", "silent"};

json_t *proto_spec_json(const struct traffic_spec *spec)
{
	json_t *ports = json_array();

	for (size_t i = 0; i < spec->n_ports; i++)
		json_array_append_new(ports,
				      json_pack("{s:s,s:b,s:I}", "socket", spec->ports[i].socket,
						"server", spec->ports[i].server, "queues",
						(json_int_t)spec->ports[i].queues));
	return json_pack("{s:s,s:o,s:I,s:b,s:b,s:I,s:s,s:s}", "name", spec->name, "ports", ports,
			 "cpus", (json_int_t)spec->cpus, "huge_pages", spec->huge_pages, "tso",
			 spec->tso, "mtu", (json_int_t)spec->mtu, "buffers", buffers[spec->buffers],
			 "rings", rings[spec->rings]);
}

json_t *proto_trial_json(const struct traffic_trial *t)
{
	return json_pack("{s:s,s:I,s:I,s:b,s:f,s:f,s:f,s:b,s:b,s:b}", "pattern",
			 patterns[t->pattern], "frame_bytes", (json_int_t)t->frame_bytes, "flows",
			 (json_int_t)t->flows, "both_ways", t->both_ways, "pps", t->pps, "seconds",
			 t->seconds, "settle_seconds", t->settle_seconds, "latency", t->latency,
			 "track", t->track, "content", t->content);
}

json_t *proto_result_json(const struct traffic_result *r)
{
	json_t *out =
		json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:I,s:I}", "offered",
			  (json_int_t)r->offered, "sent", (json_int_t)r->sent, "refused",
			  (json_int_t)r->refused, "received", (json_int_t)r->received, "stray",
			  (json_int_t)r->stray, "duplicated", (json_int_t)r->duplicated,
			  "reordered", (json_int_t)r->reordered, "corrupt", (json_int_t)r->corrupt,
			  "seconds", r->seconds, "busy", r->busy, "late_ns", (json_int_t)r->late_ns,
			  "gap_ns", (json_int_t)r->gap_ns);

	if (out && r->corrected)
		json_object_set_new(out, "corrected", hist_to_json(r->corrected));
	if (out && r->raw)
		json_object_set_new(out, "raw", hist_to_json(r->raw));
	return out;
}

static double get_real(const json_t *obj, const char *key)
{
	return json_number_value(json_object_get(obj, key));
}

/* The word's place in the list; 0 when the member is absent. */
static int word_of(const json_t *json, const char *key, const char *const *words, int n,
		   struct err *e)
{
	const char *word = json_get_str(json, key, words[0]);

	for (int i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return i;
	return err_set(e, -EINVAL, "%s: there is no '%s'", key, word);
}

int proto_spec(const json_t *json, struct traffic_spec *spec, struct err *e)
{
	const json_t *ports = json_object_get(json, "ports");
	int64_t mtu = json_get_int(json, "mtu", 0);
	int how, form;

	*spec = (struct traffic_spec){
		.name = json_get_str(json, "name", ""),
		.n_ports = json_array_size(ports),
		.cpus = (uint64_t)json_get_int(json, "cpus", 0),
		.huge_pages = json_get_bool(json, "huge_pages", false),
		.tso = json_get_bool(json, "tso", false),
		.mtu = (unsigned int)mtu,
	};
	how = word_of(json, "buffers", buffers, 3, e);
	form = word_of(json, "rings", rings, 3, e);
	if (how < 0 || form < 0)
		return -EINVAL;
	spec->buffers = (enum traffic_buffers)how;
	spec->rings = (enum traffic_rings)form;
	if (spec->rings == TRAFFIC_VECTOR && (spec->buffers != TRAFFIC_ONE || spec->tso))
		return err_set(
			e, -EINVAL,
			"rings vector: the driver's vectors take frames in one buffer, and no "
			"units");
	if (spec->n_ports == 0 || spec->n_ports > sizeof(spec->ports) / sizeof(spec->ports[0]))
		return err_set(e, -EINVAL, "ports: 1 to 8 of them");
	if (mtu < MTU_LEAST || mtu > MTU_MOST)
		return err_set(e, -EINVAL, "mtu: %d to %d", MTU_LEAST, MTU_MOST);
	for (size_t i = 0; i < spec->n_ports; i++) {
		const json_t *port = json_array_get(ports, i);
		int64_t queues = json_get_int(port, "queues", 1);

		spec->ports[i].socket = json_get_str(port, "socket", "");
		spec->ports[i].server = json_get_bool(port, "server", false);
		spec->ports[i].queues = (unsigned int)queues;
		if (queues < 1 || queues > 8)
			return err_set(e, -EINVAL, "queues: 1 to 8");
		/* The device's arguments are separated by commas. */
		if (!*spec->ports[i].socket || strlen(spec->ports[i].socket) > 107 ||
		    strchr(spec->ports[i].socket, ','))
			return err_set(e, -EINVAL,
				       "socket: a path of at most 107 bytes, without a comma");
	}
	return 0;
}

int proto_trial(const json_t *json, struct traffic_trial *t, struct err *e)
{
	const char *pattern = json_get_str(json, "pattern", "");
	int64_t bytes = json_get_int(json, "frame_bytes", -1);
	int64_t flows = json_get_int(json, "flows", 0);
	unsigned int p = 0;

	while (p < sizeof(patterns) / sizeof(patterns[0]) && strcmp(pattern, patterns[p]) != 0)
		p++;
	if (p == sizeof(patterns) / sizeof(patterns[0]))
		return err_set(e, -EINVAL, "pattern: there is no '%s'", pattern);
	*t = (struct traffic_trial){
		.pattern = (enum traffic_pattern)p,
		.frame_bytes = (unsigned int)bytes,
		.flows = (uint32_t)flows,
		.both_ways = json_get_bool(json, "both_ways", false),
		.pps = get_real(json, "pps"),
		.seconds = get_real(json, "seconds"),
		.settle_seconds = get_real(json, "settle_seconds"),
		.latency = json_get_bool(json, "latency", false),
		.track = json_get_bool(json, "track", false),
		.content = json_get_bool(json, "content", false),
	};
	if (bytes != TRAFFIC_IMIX && bytes != TRAFFIC_UNIT &&
	    (bytes < FRAME_LEAST || bytes > MTU_MOST + 18))
		return err_set(e, -EINVAL,
			       "frame_bytes: 64 to %d, 0 for IMIX, 65536 for a TSO unit",
			       MTU_MOST + 18);
	if (flows < 1 || flows > 1 << 24)
		return err_set(e, -EINVAL, "flows: 1 to 16777216");
	if (!(t->pps >= 0 && t->pps <= 1e9 && t->seconds > 0 && t->seconds <= 3000 &&
	      t->settle_seconds >= 0 && t->settle_seconds <= 60))
		return err_set(e, -EINVAL,
			       "pps 0 to 1e9, seconds up to 3000, settle_seconds up to 60");
	return 0;
}

static int get_hist(const json_t *json, const char *key, struct hist **hist)
{
	const json_t *member = json_object_get(json, key);

	*hist = NULL;
	if (!member)
		return 0;
	*hist = calloc(1, sizeof(**hist));
	if (!*hist)
		return -ENOMEM;
	return hist_from_json(member, *hist);
}

int proto_result(const json_t *json, struct traffic_result *r, struct err *e)
{
	if (!json_is_object(json))
		return err_set(e, -EBADMSG, "the generator sent no result");
	*r = (struct traffic_result){
		.offered = (uint64_t)json_get_int(json, "offered", 0),
		.sent = (uint64_t)json_get_int(json, "sent", 0),
		.refused = (uint64_t)json_get_int(json, "refused", 0),
		.received = (uint64_t)json_get_int(json, "received", 0),
		.stray = (uint64_t)json_get_int(json, "stray", 0),
		.duplicated = (uint64_t)json_get_int(json, "duplicated", 0),
		.reordered = (uint64_t)json_get_int(json, "reordered", 0),
		.corrupt = (uint64_t)json_get_int(json, "corrupt", 0),
		.seconds = get_real(json, "seconds"),
		.busy = get_real(json, "busy"),
		.late_ns = (uint64_t)json_get_int(json, "late_ns", 0),
		.gap_ns = (uint64_t)json_get_int(json, "gap_ns", 0),
	};
	if (get_hist(json, "corrected", &r->corrected) != 0 ||
	    get_hist(json, "raw", &r->raw) != 0) {
		traffic_result_clear(r);
		return err_set(e, -EBADMSG, "the generator sent a histogram that does not add up");
	}
	return 0;
}

void traffic_result_clear(struct traffic_result *r)
{
	free(r->corrected);
	free(r->raw);
	r->corrected = r->raw = NULL;
}
