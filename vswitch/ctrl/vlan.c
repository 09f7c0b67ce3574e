/* SPDX-License-Identifier: BSD-3-Clause */
/* vlan.* methods: the VLANs of a trunk, one change at a time. They end in port.set. */
#include "vswitch/ctrl/ctrl.h"

#include "base/ranges.h"

#include <stdio.h>
#include <string.h>

enum { VIDS = 4096, TEXT = 24 * 1024 };

/* The trunk of that name with the VLANs it carries and those the request names. */
static struct ctrl_port *trunk(struct ctrl *c, const json_t *params, uint64_t *carried,
			       uint64_t *named, struct err *e)
{
	struct ctrl_port *p = ctrl_port_get(c, json_get_str(params, "port", ""), e);

	if (!p)
		return NULL;
	if (strcmp(json_get_str(p->conf, "vlan-mode", "access"), "trunk") != 0) {
		err_set(e, -EINVAL,
			"port '%s' is an access port; 'flue port set %s vlan-mode trunk' first",
			p->port.name, p->port.name);
		return NULL;
	}
	ranges_parse(json_get_str(p->conf, "vlans", "1-4094"), carried, VIDS, 1, 4094);
	ranges_parse(json_get_str(params, "vid", ""), named, VIDS, 1, 4094);
	return p;
}

static json_t *set(struct ctrl *c, const struct ctrl_port *p, const uint64_t *vlans, int pvid,
		   struct err *e)
{
	char text[TEXT];
	json_t *params, *ret;

	if (ranges_format(vlans, VIDS, text, sizeof(text)) < 0) {
		err_set(e, -ENOSPC, "the list of VLANs is too long");
		return NULL;
	}
	params = json_pack("{s:s,s:s}", "name", p->port.name, "vlans", text);
	if (pvid >= 0)
		json_object_set_new(params, "pvid", json_integer(pvid));
	ret = port_set(c, params, e);
	json_decref(params);
	return ret;
}

static int only_one(const uint64_t *named)
{
	int found = -1;

	for (unsigned int v = 1; v < VIDS; v++) {
		if (!ranges_test(named, v))
			continue;
		if (found >= 0)
			return -1;
		found = (int)v;
	}
	return found;
}

json_t *vlan_add(void *ctx, const json_t *params, struct err *e)
{
	uint64_t carried[VIDS / 64], named[VIDS / 64];
	struct ctrl *c = ctx;
	struct ctrl_port *p = trunk(c, params, carried, named, e);
	int native = -1;

	if (!p)
		return NULL;
	if (json_get_bool(params, "native", false)) {
		native = only_one(named);
		if (native < 0) {
			err_at(e, -EINVAL, "/native",
			       "native: a port has one native VLAN; name one vid");
			return NULL;
		}
	}
	for (int i = 0; i < VIDS / 64; i++)
		carried[i] |= named[i];
	return set(c, p, carried, native, e);
}

json_t *vlan_del(void *ctx, const json_t *params, struct err *e)
{
	uint64_t carried[VIDS / 64], named[VIDS / 64];
	struct ctrl *c = ctx;
	struct ctrl_port *p = trunk(c, params, carried, named, e);
	int pvid;

	if (!p)
		return NULL;
	pvid = (int)json_get_int(p->conf, "pvid", 1);
	for (int i = 0; i < VIDS / 64; i++)
		carried[i] &= ~named[i];
	/* Without its native VLAN, a trunk has no place for untagged frames. */
	return set(c, p, carried, pvid && ranges_test(named, (unsigned int)pvid) ? 0 : -1, e);
}

json_t *vlan_show(void *ctx, const json_t *params, struct err *e)
{
	const char *name = json_get_str(params, "port", NULL);
	struct ctrl *c = ctx;
	json_t *list = json_array();

	if (name && !ctrl_port_get(c, name, e)) {
		json_decref(list);
		return NULL;
	}
	for (int i = 0; i < FWD_PORTS_MAX; i++) {
		const struct ctrl_port *p = &c->ports[i];
		const char *mode = p->used ? json_get_str(p->conf, "vlan-mode", "access") : "";
		int pvid = (int)json_get_int(p->conf, "pvid", 1);
		char text[16];

		if (!p->used || (name && strcmp(name, p->port.name) != 0))
			continue;
		snprintf(text, sizeof(text), "%d", pvid);
		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:s,s:i,s:s}", "port", p->port.name,
						"bridge", ctrl_bridge_name(&c->bridges[p->bridge]),
						"vlan-mode", mode, "pvid", pvid, "vlans",
						strcmp(mode, "trunk") == 0
							? json_get_str(p->conf, "vlans", "1-4094")
							: text));
	}
	return list;
}
