/* SPDX-License-Identifier: BSD-3-Clause */
/* fdb.* methods, and ageing. */
#include "vswitch/ctrl/ctrl.h"

#include "base/mac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGE_SLOTS = 32768 }; /* looked at in one go, each bridge */

/* 0: the parameters name no address. */
static uint64_t key_of(const json_t *params)
{
	uint8_t mac[6];

	if (!mac_parse(json_get_str(params, "mac", NULL), mac))
		return 0;
	return fdb_key(mac, (uint16_t)json_get_int(params, "vlan", 1));
}

static void reap(struct ctrl *c, void *arg)
{
	fdb_reap(arg);
}

/* The table is named, and not its bridge: when that goes, its table goes by a later deferral. */
void ctrl_fdb_reap_later(struct ctrl *c, struct ctrl_bridge *b)
{
	if (fdb_seal(b->fdb))
		ctrl_defer(c, reap, b->fdb);
}

static uint32_t ticks(uint64_t seconds)
{
	return (uint32_t)((seconds * UINT64_C(1000000000)) >> FWD_TICK_SHIFT);
}

void ctrl_age(struct ctrl *c)
{
	uint32_t now = worker_tick_now();

	for (int i = 0; i < FWD_BRIDGES_MAX; i++) {
		struct ctrl_bridge *b = &c->bridges[i];
		struct fdb_match old = {.port = -1, .vlan = -1};
		uint32_t ageing;

		if (!b->used)
			continue;
		ageing = ticks((uint64_t)json_get_int(b->conf, "ageing", 300));
		if (ageing == 0 || now <= ageing)
			continue;
		old.unseen = now - ageing;
		fdb_forget(b->fdb, &old, &b->age_slot, AGE_SLOTS);
		ctrl_fdb_reap_later(c, b);
	}
}

json_t *fdb_add(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = ctrl_bridge_get(c, json_get_str(params, "bridge", ""), e);
	struct ctrl_port *p = b ? ctrl_port_get(c, json_get_str(params, "port", ""), e) : NULL;
	uint64_t key = key_of(params);

	if (!p)
		return NULL;
	if (p->bridge != ctrl_bridge_id(c, b)) {
		err_at(e, -EINVAL, "/port", "port: '%s' is not a port of bridge '%s'", p->port.name,
		       ctrl_bridge_name(b));
		return NULL;
	}
	if (key & 1) {
		err_at(e, -EINVAL, "/mac", "mac: it is a group's; groups are flooded");
		return NULL;
	}
	if (fdb_pin(b->fdb, key, p->port.id, worker_tick_now()) != 0) {
		err_set(e, -ENOSPC, "bridge '%s' holds as many addresses as its fdb-max lets it",
			ctrl_bridge_name(b));
		return NULL;
	}
	return json_object();
}

json_t *fdb_del(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = ctrl_bridge_get(c, json_get_str(params, "bridge", ""), e);
	struct fdb_match one = {.key = key_of(params), .port = -1, .vlan = -1, .with_static = true};
	uint32_t slot = 0;

	if (!b)
		return NULL;
	if (fdb_forget(b->fdb, &one, &slot, UINT32_MAX) == 0) {
		err_at(e, -ENOENT, "/mac", "bridge '%s' does not know %s in VLAN %d",
		       ctrl_bridge_name(b), json_get_str(params, "mac", ""),
		       (int)json_get_int(params, "vlan", 1));
		return NULL;
	}
	ctrl_fdb_reap_later(c, b);
	return json_object();
}

json_t *fdb_flush(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = ctrl_bridge_get(c, json_get_str(params, "bridge", ""), e);
	const char *port = json_get_str(params, "port", NULL);
	struct ctrl_port *p = b && port ? ctrl_port_get(c, port, e) : NULL;
	struct fdb_match some = {.port = -1, .vlan = (int)json_get_int(params, "vlan", -1)};
	uint32_t slot = 0, n;

	if (!b || (port && !p))
		return NULL;
	if (p)
		some.port = p->port.id;
	n = fdb_forget(b->fdb, &some, &slot, UINT32_MAX);
	ctrl_fdb_reap_later(c, b);
	return json_pack("{s:i}", "flushed", (int)n);
}

/* What fdb.show asks for. */
struct wanted {
	const struct ctrl_bridge *bridge; /* NULL: all */
	const struct ctrl_port *port;	  /* NULL: all */
	int vlan;			  /* -1: all */
	const char *mac;		  /* NULL: all */
	uint32_t now;
};

static json_t *entry_json(const struct ctrl *c, const struct ctrl_bridge *b,
			  const struct fdb_entry *entry, const struct wanted *w)
{
	const struct ctrl_port *p = &c->ports[entry->port];
	char text[MAC_TEXT];
	uint8_t mac[6];
	uint16_t vlan;
	json_t *out;

	fdb_key_split(entry->key, mac, &vlan);
	mac_format(mac, text);
	if (!p->used || (w->port && w->port != p) || (w->vlan >= 0 && w->vlan != vlan) ||
	    (w->mac && strcasecmp(w->mac, text) != 0))
		return NULL;
	out = json_pack("{s:s,s:s,s:i,s:s,s:b}", "bridge", ctrl_bridge_name(b), "mac", text, "vlan",
			vlan, "port", p->port.name, "static", entry->is_static);
	if (!entry->is_static)
		json_object_set_new(out, "age_s",
				    json_integer((int64_t)(int32_t)(w->now - entry->seen) *
						 (1 << FWD_TICK_SHIFT) / 1000000000));
	return out;
}

/* The cursor is the bridge's number and the slot within its table. */
json_t *fdb_show(void *ctx, const json_t *params, struct err *e)
{
	const char *bridge = json_get_str(params, "bridge", NULL);
	const char *port = json_get_str(params, "port", NULL);
	uint64_t cursor = (uint64_t)json_get_int(params, "cursor", 0);
	size_t limit = (size_t)json_get_int(params, "limit", 4096);
	struct ctrl *c = ctx;
	struct wanted w = {.vlan = (int)json_get_int(params, "vlan", -1),
			   .mac = json_get_str(params, "mac", NULL),
			   .now = worker_tick_now()};
	uint32_t slot = (uint32_t)cursor, id = (uint32_t)(cursor >> 32);
	json_t *entries;

	if ((bridge && !(w.bridge = ctrl_bridge_get(c, bridge, e))) ||
	    (port && !(w.port = ctrl_port_get(c, port, e))))
		return NULL;
	entries = json_array();
	for (; id < FWD_BRIDGES_MAX; id++, slot = 0) {
		const struct ctrl_bridge *b = &c->bridges[id];
		struct fdb_entry entry;

		if (!b->used || (w.bridge && w.bridge != b))
			continue;
		while (fdb_next(b->fdb, &slot, &entry)) {
			json_t *out = entry_json(c, b, &entry, &w);

			if (out)
				json_array_append_new(entries, out);
			if (json_array_size(entries) == limit)
				return json_pack("{s:o,s:I}", "entries", entries, "cursor",
						 (json_int_t)((uint64_t)id << 32 | slot));
		}
	}
	return json_pack("{s:o}", "entries", entries);
}
