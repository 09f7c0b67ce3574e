/* SPDX-License-Identifier: BSD-3-Clause */
/* bridge.* methods. */
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/fill.h"
#include "vswitch/ctrl/mtu.h"

#include "base/log.h"

json_t *bridge_add(void *ctx, const json_t *params, struct err *e)
{
	const char *name = json_get_str(params, "name", "");
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = c->bridges;

	if (ctrl_bridge_get(c, name, NULL)) {
		err_at(e, -EEXIST, "/name", "name: there is a bridge '%s' already", name);
		return NULL;
	}
	while (b < c->bridges + FWD_BRIDGES_MAX && b->used)
		b++;
	if (b == c->bridges + FWD_BRIDGES_MAX) {
		err_set(e, -ENOSPC, "there are %d bridges, as many as there can be",
			FWD_BRIDGES_MAX);
		return NULL;
	}
	*b = (struct ctrl_bridge){
		.fdb = fdb_new((uint32_t)json_get_int(params, "fdb-max", 131072))};
	if (!b->fdb) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	b->conf = json_deep_copy(params);
	if (!b->conf) {
		err_set(e, -ENOMEM, "out of memory");
		goto free_fdb;
	}
	b->used = true;
	if (chim_policy_parse(b->conf, &b->policy, e) != 0)
		goto free_conf;
	if (ctrl_mtu_holds(c, NULL, e) != 0 || ctrl_publish(c, e) != 0)
		goto free_conf;
	log_info("bridge %s: added", name);
	return json_object();

free_conf:
	b->used = false;
	json_decref(b->conf);
free_fdb:
	fdb_free(b->fdb);
	return NULL;
}

json_t *bridge_set(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = ctrl_bridge_get(c, json_get_str(params, "name", ""), e);
	struct ctrl_mtus_before before;
	struct chim_policy policy;
	json_t *conf, *old;

	if (!b)
		return NULL;
	conf = fill_merged("bridge", b->conf, params);
	if (!conf) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	if (chim_policy_parse(conf, &policy, e) != 0) {
		json_decref(conf);
		return NULL;
	}
	ctrl_mtu_before(c, &before);
	old = b->conf;
	b->conf = conf;
	if (ctrl_mtu_change(c, &before, e) != 0)
		goto restore_conf;
	if (ctrl_publish(c, e) != 0)
		goto restore_mtus;
	b->policy = policy;
	json_decref(old);
	return json_object();

restore_mtus:
	ctrl_mtu_undo(c, &before);
restore_conf:
	b->conf = old;
	json_decref(conf);
	return NULL;
}

static void free_fdb(struct ctrl *c, void *arg)
{
	fdb_free(arg);
}

json_t *bridge_del(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = ctrl_bridge_get(c, json_get_str(params, "name", ""), e);

	if (!b)
		return NULL;
	for (int i = 0; i < FWD_PORTS_MAX; i++) {
		if (c->ports[i].used && c->ports[i].bridge == ctrl_bridge_id(c, b)) {
			err_set(e, -EBUSY, "bridge '%s' has ports; remove port '%s' first",
				ctrl_bridge_name(b), c->ports[i].port.name);
			return NULL;
		}
	}
	b->used = false;
	if (ctrl_publish(c, e) != 0) {
		b->used = true;
		return NULL;
	}
	log_info("bridge %s: removed", ctrl_bridge_name(b));
	json_decref(b->conf);
	ctrl_defer(c, free_fdb, b->fdb);
	return json_object();
}

json_t *bridge_show(void *ctx, const json_t *params, struct err *e)
{
	const char *name = json_get_str(params, "name", NULL);
	struct ctrl *c = ctx;
	json_t *list = json_array();

	if (name && !ctrl_bridge_get(c, name, e)) {
		json_decref(list);
		return NULL;
	}
	for (uint16_t i = 0; i < FWD_BRIDGES_MAX; i++) {
		const struct ctrl_bridge *b = &c->bridges[i];
		json_t *out, *ports;

		if (!b->used || (name && strcmp(name, ctrl_bridge_name(b)) != 0))
			continue;
		out = fill_defaults("bridge", b->conf);
		json_object_set_new(out, "mtu", json_integer(ctrl_bridge_mtu(c, b)));
		ports = json_array();
		for (int j = 0; j < FWD_PORTS_MAX; j++)
			if (c->ports[j].used && c->ports[j].bridge == i)
				json_array_append_new(ports, json_string(c->ports[j].port.name));
		json_object_set_new(out, "fdb_entries", json_integer(fdb_count(b->fdb)));
		json_object_set_new(out, "ports", ports);
		json_array_append_new(list, out);
	}
	return list;
}
