/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/policy.h"

#include "base/ranges.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* What a round trip or the number of connections is may change by itself. */
	RETRY_MS = 1000,
};

static bool parse_net(const char *text, size_t len, struct chim_policy_net *out)
{
	char item[64], *slash;

	if (len >= sizeof(item))
		return false;
	memcpy(item, text, len);
	item[len] = '\0';
	slash = strchr(item, '/');
	if (!slash)
		return false;
	*slash = '\0';
	memset(out, 0, sizeof(*out));
	out->v6 = strchr(item, ':') != NULL;
	out->bits = (uint8_t)atoi(slash + 1);
	return out->bits <= (out->v6 ? 128 : 32) &&
	       inet_pton(out->v6 ? AF_INET6 : AF_INET, item, out->addr) == 1;
}

static int parse_nets(const char *text, struct chim_policy *p, struct err *e)
{
	const char *at = text;

	for (p->n_nets = 0; at; p->n_nets++) {
		const char *comma = strchr(at, ',');

		if (p->n_nets == CHIM_POLICY_NETS)
			return err_at(
				e, -EINVAL, "/chimney-addresses",
				"chimney-addresses: more than %d networks; name fewer, larger "
				"ones",
				CHIM_POLICY_NETS);
		if (!parse_net(at, comma ? (size_t)(comma - at) : strlen(at), &p->net[p->n_nets]))
			return err_at(e, -EINVAL, "/chimney-addresses",
				      "chimney-addresses: '%.80s' is not a list such as "
				      "192.0.2.0/24,2001:db8::/32",
				      text);
		at = comma ? comma + 1 : NULL;
	}
	return 0;
}

static uint32_t u32(const json_t *bridge, const char *key, uint32_t def)
{
	int64_t v = json_get_int(bridge, key, def);

	return v < 0 ? 0 : v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

int chim_policy_parse(const json_t *bridge, struct chim_policy *out, struct err *e)
{
	const char *ports = json_get_str(bridge, "chimney-ports", "1-65535");
	int64_t bytes = json_get_int(bridge, "chimney-min-bytes", 0);
	struct chim_policy p = {
		.enabled = json_get_bool(bridge, "chimney", true),
		.max = u32(bridge, "chimney-max", 10000),
		.min_age_ms = u32(bridge, "chimney-min-age", 0),
		.min_bytes = bytes > 0 ? (uint64_t)bytes : 0,
		.min_rtt_us = u32(bridge, "chimney-min-rtt", 0),
		.max_rtt_us = u32(bridge, "chimney-max-rtt", 0),
		.idle_s = u32(bridge, "chimney-idle", 0),
		.max_loss = u32(bridge, "chimney-max-loss", 0),
		.max_reordering = u32(bridge, "chimney-max-reordering", 0),
		.min_io = u32(bridge, "chimney-min-io", 0),
	};

	if (ranges_parse(ports, p.ports, 65536, 1, 65535) != 0)
		return err_at(e, -EINVAL, "/chimney-ports",
			      "chimney-ports: '%.40s' is not a list such as 3260,5000-5999", ports);
	if (p.max_rtt_us && p.min_rtt_us > p.max_rtt_us)
		return err_at(e, -EINVAL, "/chimney-min-rtt",
			      "chimney-min-rtt: it is above chimney-max-rtt, so nothing would be "
			      "offloaded; lower it, or set chimney off");
	if (parse_nets(json_get_str(bridge, "chimney-addresses", "0.0.0.0/0,::/0"), &p, e) != 0)
		return -EINVAL;
	*out = p;
	return 0;
}

static bool in_net(const struct chim_policy_net *n, const uint8_t addr[16], bool v6)
{
	unsigned int whole = n->bits / 8, rest = n->bits % 8;

	return n->v6 == v6 && memcmp(n->addr, addr, whole) == 0 &&
	       (rest == 0 || (n->addr[whole] ^ addr[whole]) >> (8 - rest) == 0);
}

static bool chosen(const struct chim_policy *p, const struct chim_tuple *t)
{
	if (!ranges_test(p->ports, ntohs(t->local_port)) &&
	    !ranges_test(p->ports, ntohs(t->remote_port)))
		return false;
	for (unsigned int i = 0; i < p->n_nets; i++)
		if (in_net(&p->net[i], t->remote, t->v6))
			return true;
	return false;
}

static bool rtt_ok(const struct chim_policy *p, uint32_t rtt_us)
{
	return rtt_us >= p->min_rtt_us && (p->max_rtt_us == 0 || rtt_us <= p->max_rtt_us);
}

struct chim_verdict chim_policy_decide(const struct chim_policy *p, const struct chim_facts *facts,
				       uint32_t now)
{
	struct chim_verdict v = {.why = CHIM_REFUSE_NONE};

	if (!p->enabled || p->max == 0 || !chosen(p, &facts->tuple)) {
		v.why = CHIM_REFUSE_POLICY;
	} else if (facts->age_ms < p->min_age_ms) {
		v.why = CHIM_REFUSE_TOO_YOUNG;
		v.retry_ms = p->min_age_ms - facts->age_ms;
	} else if (facts->bytes < p->min_bytes) {
		v.why = CHIM_REFUSE_TOO_FEW_BYTES;
		v.retry_bytes = p->min_bytes - facts->bytes;
	} else if (!rtt_ok(p, facts->rtt_us)) {
		v.why = CHIM_REFUSE_RTT;
		v.retry_ms = RETRY_MS;
	} else if (now >= p->max) {
		v.why = CHIM_REFUSE_LIMIT;
		v.retry_ms = RETRY_MS;
	}
	return v;
}

bool chim_policy_watches(const struct chim_policy *p)
{
	return p->idle_s || p->max_loss || p->max_reordering || p->min_io;
}

static bool is_reordered(const struct chim_policy *p, const struct chim_activity_way *w)
{
	return w->segs >= CHIM_POLICY_SEGS && w->reordered * 100 > w->segs * p->max_reordering;
}

static bool is_small(const struct chim_policy *p, const struct chim_activity_way *w)
{
	return w->bytes == 0 || w->bytes < w->pushes * p->min_io;
}

enum chim_upload chim_policy_keep(const struct chim_policy *p, const struct chim_activity *a)
{
	if (p->max_loss && a->segs_out >= CHIM_POLICY_SEGS &&
	    a->retrans > a->segs_out / 100 * p->max_loss)
		return CHIM_UPLOAD_HIGH_DROP_RATE;
	if (p->max_reordering && (is_reordered(p, &a->in) || is_reordered(p, &a->out)))
		return CHIM_UPLOAD_REORDERING;
	if (p->min_io && a->in.pushes + a->out.pushes >= CHIM_POLICY_SEGS && is_small(p, &a->in) &&
	    is_small(p, &a->out))
		return CHIM_UPLOAD_SMALL_IO;
	if (p->idle_s && a->idle_ms >= (uint64_t)p->idle_s * 1000)
		return CHIM_UPLOAD_LOW_ACTIVITY;
	return CHIM_UPLOAD_NONE;
}
