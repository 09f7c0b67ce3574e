/* SPDX-License-Identifier: BSD-3-Clause */
/* config.* methods: the model as a configuration, and a configuration made true. */
#include "vswitch/ctrl/apply.h"
#include "vswitch/ctrl/ctrl.h"

#include "api/schema.h"
#include "base/mac.h"

#include <stdio.h>
#include <string.h>

static void add_static(const struct ctrl *c, const struct ctrl_bridge *b, json_t *list)
{
	struct fdb_entry entry;
	uint32_t slot = 0;

	while (fdb_next(b->fdb, &slot, &entry)) {
		char text[MAC_TEXT];
		uint8_t mac[6];
		uint16_t vlan;

		if (!entry.is_static)
			continue;
		fdb_key_split(entry.key, mac, &vlan);
		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:i,s:s}", "bridge", ctrl_bridge_name(b),
						"mac", mac_format(mac, text), "vlan", vlan, "port",
						c->ports[entry.port].port.name));
	}
}

json_t *ctrl_config(const struct ctrl *c)
{
	json_t *bridges = json_array(), *ports = json_array(), *fdb = json_array(), *config;

	for (int i = 0; i < FWD_BRIDGES_MAX; i++) {
		if (!c->bridges[i].used)
			continue;
		json_array_append_new(bridges, json_deep_copy(c->bridges[i].conf));
		add_static(c, &c->bridges[i], fdb);
	}
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		if (c->ports[i].used)
			json_array_append_new(ports, json_deep_copy(c->ports[i].conf));
	config = json_pack("{s:i,s:o,s:o,s:o,s:o}", "version", API_VERSION, "switch",
			   json_deep_copy(c->switch_conf), "bridges", bridges, "ports", ports,
			   "fdb", fdb);
	api_strip_defaults(config);
	return config;
}

json_t *config_show(void *ctx, const json_t *params, struct err *e)
{
	return ctrl_config(ctx);
}

static int call(void *ctx, const char *method, const json_t *params, struct err *e)
{
	for (const struct rpc_handler *h = ctrl_handlers; h->method; h++) {
		json_t *result;

		if (strcmp(h->method, method) != 0)
			continue;
		if (api_check_params(api_method_find(method), params, e) != 0)
			return e->code;
		result = h->fn(ctx, params, e);
		json_decref(result);
		return result ? 0 : e->code;
	}
	return err_set(e, -ENOSYS, "there is no method %s", method);
}

json_t *ctrl_apply(struct ctrl *c, const json_t *config, bool dry_run, struct err *e)
{
	json_t *current = ctrl_config(c), *plan = apply_plan(current, config, e);

	c->applying = true;
	if (plan && !dry_run && apply_run(plan, current, call, c, e) != 0) {
		json_decref(plan);
		plan = NULL;
	}
	c->applying = false;
	json_decref(current);
	return plan;
}

json_t *config_apply(void *ctx, const json_t *params, struct err *e)
{
	bool dry_run = json_get_bool(params, "dry-run", false);
	json_t *plan = ctrl_apply(ctx, json_object_get(params, "config"), dry_run, e);

	/* The path so far is one into the configuration, which is itself a parameter. */
	if (!plan) {
		char path[sizeof(e->path)];

		snprintf(path, sizeof(path), "/config%.100s", e->path);
		memcpy(e->path, path, sizeof(path));
	}
	return plan ? json_pack("{s:o,s:b}", "changes", plan, "applied", !dry_run) : NULL;
}
