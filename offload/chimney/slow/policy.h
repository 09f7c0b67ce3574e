/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which connections a bridge offloads, and when it gives them back of its own accord: the bridge's
 * `chimney` keys. Pure; any thread.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_POLICY_H
#define OFFLOAD_CHIMNEY_SLOW_POLICY_H

#include "base/err.h"
#include "base/json.h"
#include "offload/chimney/slow/refuse.h"

enum { CHIM_POLICY_NETS = 64 };

struct chim_policy_net {
	uint8_t addr[16];
	uint8_t bits;
	bool v6;
};

struct chim_policy {
	bool enabled;
	uint32_t max;		    /* connections at the same time */
	uint64_t ports[65536 / 64]; /* bitmap (base/ranges.h), host order; either end's */
	struct chim_policy_net net[CHIM_POLICY_NETS]; /* the peer's */
	unsigned int n_nets;
	uint32_t min_age_ms;
	uint64_t min_bytes;
	uint32_t min_rtt_us, max_rtt_us; /* max 0: no limit */
	uint32_t idle_s, max_loss;	 /* seconds, percent; 0: never */
	uint32_t max_reordering, min_io; /* percent, bytes; 0: never */
};

/* From a bridge's configuration, whose keys have been checked one by one (api/tables.c); an absent
 * key is its default there. 0, or -EINVAL: keys that contradict each other, too many networks; e
 * has the key as its path. Only then *out is as it was. */
int chim_policy_parse(const json_t *bridge, struct chim_policy *out, struct err *e);

struct chim_verdict {
	enum chim_refusal why;
	uint32_t retry_ms;    /* offer it again after so long; 0: not for time's sake */
	uint64_t retry_bytes; /* or when it has moved so many bytes more; 0: not for bytes' sake */
};

/* May this connection be offloaded by a bridge that runs `now` of them? */
struct chim_verdict chim_policy_decide(const struct chim_policy *p, const struct chim_facts *facts,
				       uint32_t now);

/* Of fewer segments, or pieces that were written, no share and no mean can be told. */
enum { CHIM_POLICY_SEGS = 100 };

/* One direction. */
struct chim_activity_way {
	uint64_t segs, reordered; /* of segments with payload */
	uint64_t bytes, pushes;	  /* payload, what was sent again not counted; and what it was
				   * written in, as far as PSH tells */
};

/* What a connection did since it was looked at last. */
struct chim_activity {
	uint64_t
		idle_ms; /* since anything was sent or received, ACKs but not keepalives included */
	uint64_t segs_out, retrans;
	struct chim_activity_way in, out;
};

/* Does its policy want to know at all? */
bool chim_policy_watches(const struct chim_policy *p);

/* CHIM_UPLOAD_NONE: it stays. HIGH_DROP_RATE, REORDERING (RFC 4737 4: the ratio, of either
 * direction), SMALL_IO (the mean, in both directions; one in which nothing went does not count) or
 * LOW_ACTIVITY. All but the last want CHIM_POLICY_SEGS of what they are about. */
enum chim_upload chim_policy_keep(const struct chim_policy *p, const struct chim_activity *a);

#endif
