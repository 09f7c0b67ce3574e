/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/mtu_probe.h"

#include <string.h>

enum {
	BURST = 5,	    /* echoes: some may be lost on the way to the port */
	LOOKS = 4,	    /* bursts until one shows: a busy worker counts late */
	LARGEST_MTU = 9600, /* that a port or bridge of flued can have */
	TAGS = 8,	    /* bytes of tags that count as payload of a frame, at most */
};

static const struct {
	const char *drop, *direction;
} reasons[] = {
	{"mtu_in", "in"},   /* what came from the port */
	{"mtu_out", "out"}, /* what was to leave by it */
};
#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))

static const json_t *drop_of(const json_t *port, const char *reason)
{
	return json_object_get(json_object_get(json_object_get(port, "stats"), "drops"), reason);
}

/* The MTU of the bridge; 0: unknown. */
static int64_t bridge_mtu(struct cli *c, const char *name)
{
	json_t *params = json_pack("{s:s}", "name", name), *list;
	struct err e;
	int64_t mtu;

	cli_try(c, "bridge.show", params, &list, &e);
	mtu = json_get_int(json_array_get(list, 0), "mtu", 0);
	json_decref(list);
	json_decref(params);
	return mtu;
}

/* A port has no more than its bridge, so the bridge comes first. */
static json_t *cure(struct cli *c, const char *port, const char *bridge, int64_t limit,
		    int64_t wanted)
{
	int64_t mtu = bridge_mtu(c, bridge);

	wanted = wanted < LARGEST_MTU ? wanted : LARGEST_MTU;
	if (mtu >= wanted)
		return json_sprintf("flue port set %s mtu %lld", port, (long long)wanted);
	if (mtu <= limit)
		return json_sprintf("flue bridge set %s mtu %lld", bridge, (long long)wanted);
	return json_sprintf("flue bridge set %s mtu %lld && flue port set %s mtu %lld", bridge,
			    (long long)wanted, port, (long long)wanted);
}

static void compare(struct cli *c, const json_t *before, const json_t *after,
		    const struct probe_result *r, json_t *found)
{
	const char *name = json_get_str(after, "name", ""),
		   *bridge = json_get_str(after, "bridge", "");

	for (size_t i = 0; i < N_REASONS; i++) {
		const json_t *is = drop_of(after, reasons[i].drop),
			     *was = drop_of(before, reasons[i].drop);
		int64_t size = json_get_int(is, "last_size", 0),
			limit = json_get_int(is, "last_limit", 0);

		/* Others' packets may be dropped meanwhile; of ours the size is known. */
		if (json_get_int(is, "count", 0) <= json_get_int(was, "count", 0) ||
		    size < r->fails || size > r->fails + TAGS)
			continue;
		json_array_append_new(found,
				      json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "port", name, "bridge",
						bridge, "direction", reasons[i].direction, "size",
						(json_int_t)size, "limit", (json_int_t)limit,
						"cure", cure(c, name, bridge, limit, r->asked)));
	}
}

/* One burst, and one look at the counters. 0 or an error. */
static int look(struct cli *c, struct probe *p, const struct probe_result *r, const json_t *before,
		json_t *found)
{
	json_t *params = json_pack("{s:b}", "stats", 1), *after = NULL, *port;
	int ret = probe_burst(p, r->fails, BURST);
	struct err e;
	size_t i;

	if (ret == 0)
		ret = cli_try(c, "port.show", params, &after, &e);
	json_array_foreach (after, i, port)
		compare(c, json_find(before, "name", json_get_str(port, "name", "")), port, r,
			found);
	json_decref(after);
	json_decref(params);
	return ret;
}

json_t *mtu_where(struct cli *c, struct probe *p, const struct probe_result *r)
{
	json_t *params = json_pack("{s:b}", "stats", 1), *before, *found = json_array();
	struct err e;
	/* Without flued there is no port of its to blame. */
	int ret = cli_try(c, "port.show", params, &before, &e);

	for (int i = 0; i < LOOKS && ret == 0 && json_array_size(found) == 0; i++)
		ret = look(c, p, r, before, found);
	json_decref(before);
	json_decref(params);
	if (json_array_size(found) > 0)
		return found;
	json_decref(found);
	return NULL;
}
