/* SPDX-License-Identifier: BSD-3-Clause */
/* flow.* methods: flows as they are, and holding one by hand. */
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/flow.h"

#include "base/endpoint.h"
#include "base/mac.h"

#include <stdlib.h>
#include <string.h>

/* A flow that was held by hand, and nobody else's to end. */
struct ctrl_hold {
	LIST_ENTRY(ctrl_hold) link;
	struct flow *flow;
};

struct listing {
	struct ctrl *c;
	json_t *rows;
	const struct ctrl_port *port; /* NULL: all */
	size_t limit, total;
};

static json_t *row_of(const struct ctrl *c, const struct flow *f)
{
	static const char *const modes[] = {[FLOW_HOLDING] = "holding",
					    [FLOW_STOLEN] = "offloaded",
					    [FLOW_RELEASING] = "releasing"};
	const struct flow_key *k = flow_key(f);
	struct endpoint src = {.v6 = k->v6, .port = k->sport},
			dst = {.v6 = k->v6, .port = k->dport};
	const struct ctrl_bridge *b = &c->bridges[k->bridge];
	const struct ctrl_port *p = &c->ports[flow_port(f)];
	char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT], mac[MAC_TEXT];
	struct flow_counts n;

	memcpy(src.addr, k->src, sizeof(src.addr));
	memcpy(dst.addr, k->dst, sizeof(dst.addr));
	flow_counts(f, &n);
	return json_pack("{s:s,s:i,s:s,s:s,s:s,s:s*,s:s,s:I,s:I,s:I,s:I}", "bridge",
			 b->used ? ctrl_bridge_name(b) : "", "vlan", (int)k->vlan, "src",
			 endpoint_format(&src, from), "dst", endpoint_format(&dst, to), "dmac",
			 mac_format(k->dmac, mac), "port", p->used ? p->port.name : NULL, "mode",
			 modes[n.mode], "packets", (json_int_t)n.packets, "bytes",
			 (json_int_t)n.bytes, "held", (json_int_t)n.held, "dropped",
			 (json_int_t)n.dropped);
}

static void add_row(void *ctx, const struct flow *f)
{
	struct listing *l = ctx;
	json_t *row;

	if (l->port && flow_port(f) != l->port->port.id)
		return;
	if (l->total++ >= l->limit)
		return;
	row = row_of(l->c, f);
	if (l->c->flow_extra)
		l->c->flow_extra(l->c->flow_extra_ctx, row, f);
	json_array_append_new(l->rows, row);
}

json_t *flow_show(void *ctx, const json_t *params, struct err *e)
{
	const char *port = json_get_str(params, "port", NULL);
	struct listing l = {.c = ctx, .limit = (size_t)json_get_int(params, "limit", 4096)};

	if (port) {
		l.port = ctrl_port_get(ctx, port, e);
		if (!l.port)
			return NULL;
	}
	l.rows = json_array();
	flow_each(l.c->flows, add_row, &l);
	return json_pack("{s:o,s:I}", "flows", l.rows, "total", (json_int_t)l.total);
}

int flow_endpoint(const json_t *params, const char *key, struct endpoint *ep, struct err *e)
{
	const char *text = json_get_str(params, key, "");
	char path[16];

	if (endpoint_parse(text, ep))
		return 0;
	snprintf(path, sizeof(path), "/%s", key);
	return err_at(e, -EINVAL, path,
		      "%s: '%s' is not an address and a port, as 192.0.2.1:80 or [2001:db8::1]:80",
		      key, text);
}

/* The key that port, src, dst, dmac and vlan of params name. NULL with e filled. */
static struct ctrl_port *get_key(struct ctrl *c, const json_t *params, struct flow_key *key,
				 struct err *e)
{
	struct ctrl_port *p = ctrl_port_get(c, json_get_str(params, "port", ""), e);
	struct endpoint src, dst;

	if (!p || flow_endpoint(params, "src", &src, e) != 0 ||
	    flow_endpoint(params, "dst", &dst, e) != 0)
		return NULL;
	if (src.v6 != dst.v6) {
		err_at(e, -EINVAL, "/dst", "dst: src and dst must both be IPv4, or both IPv6");
		return NULL;
	}
	*key = (struct flow_key){
		.sport = src.port,
		.dport = dst.port,
		.bridge = p->bridge,
		.vlan = (uint16_t)json_get_int(params, "vlan", json_get_int(p->conf, "pvid", 1)),
		.v6 = src.v6,
	};
	memcpy(key->src, src.addr, sizeof(key->src));
	memcpy(key->dst, dst.addr, sizeof(key->dst));
	mac_parse(json_get_str(params, "dmac", NULL), key->dmac);
	return p;
}

json_t *flow_hold_by_hand(void *ctx, const json_t *params, struct err *e)
{
	const struct flow_limits limits = {
		.packets = (uint32_t)json_get_int(params, "packets", 1024),
		.bytes = (uint32_t)json_get_int(params, "bytes", 4194304),
	};
	struct ctrl *c = ctx;
	struct flow_key key;
	struct ctrl_port *p = get_key(c, params, &key, e);
	struct ctrl_hold *h;
	int ret;

	if (!p)
		return NULL;
	h = calloc(1, sizeof(*h));
	ret = h ? flow_hold(c->flows, &key, p->port.id, &limits, &h->flow) : -ENOMEM;
	if (ret == 0) {
		LIST_INSERT_HEAD(&c->holds, h, link);
		return json_object();
	}
	free(h);
	if (ret == -EEXIST)
		err_set(e, ret, "that flow is held or offloaded already; see 'flue flow show'");
	else if (ret == -ENOSPC)
		err_set(e, ret, "there are as many flows as there can be; raise flued's --flows");
	else
		err_set(e, ret, "out of memory");
	return NULL;
}

static void end_hold(struct ctrl_hold *h, bool drop)
{
	if (drop)
		flow_drop(h->flow, NULL, NULL);
	else
		flow_release(h->flow, NULL, NULL);
	LIST_REMOVE(h, link);
	free(h);
}

json_t *flow_release_by_hand(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct flow_key key;
	struct ctrl_hold *h;
	struct flow *f;

	if (!get_key(c, params, &key, e))
		return NULL;
	f = flow_get(c->flows, &key);
	for (h = LIST_FIRST(&c->holds); h; h = LIST_NEXT(h, link)) {
		if (h->flow != f)
			continue;
		end_hold(h, json_get_bool(params, "drop", false));
		ctrl_flows_reap(c);
		return json_object();
	}
	if (f)
		err_set(e, -EPERM,
			"that flow was not held by hand; it ends with its connection's offload");
	else
		err_set(e, -ENOENT, "there is no such flow; 'flue flow show' lists them");
	return NULL;
}

void ctrl_flows_port_gone(struct ctrl *c, uint16_t port)
{
	struct ctrl_hold *h, *next;

	for (h = LIST_FIRST(&c->holds); h; h = next) {
		next = LIST_NEXT(h, link);
		if (flow_port(h->flow) == port)
			end_hold(h, true);
	}
	ctrl_flows_reap(c);
}

void ctrl_holds_free(struct ctrl *c)
{
	while (!LIST_EMPTY(&c->holds)) {
		struct ctrl_hold *h = LIST_FIRST(&c->holds);

		LIST_REMOVE(h, link);
		free(h);
	}
}
