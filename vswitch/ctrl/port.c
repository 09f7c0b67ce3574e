/* SPDX-License-Identifier: BSD-3-Clause */
/* port.* methods that change something. */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/fill.h"
#include "vswitch/ctrl/flow.h"
#include "vswitch/ctrl/mtu.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static const struct port_ops *ops_of(const char *kind)
{
	if (strcmp(kind, "host") == 0)
		return &port_host_ops;
	return strcmp(kind, "vhost") == 0 ? &port_vhost_ops : &port_ethdev_ops;
}

static struct ctrl_port *free_port(struct ctrl *c, struct err *e)
{
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		/* A port whose removal still waits for a worker keeps its number. */
		if (!c->ports[i].used && !c->ports[i].port.ops)
			return &c->ports[i];
	err_set(e, -ENOSPC, "there are %d ports, as many as there can be", FWD_PORTS_MAX);
	return NULL;
}

static void reset_counters(struct ctrl *c, uint16_t id)
{
	for (uint16_t i = 0; i < c->n_workers; i++)
		memset(&c->workers[i].ctx.counters[id], 0, sizeof(struct pkt_counters));
}

json_t *port_add(void *ctx, const json_t *params, struct err *e)
{
	const char *name = json_get_str(params, "name", "");
	struct ctrl *c = ctx;
	struct ctrl_bridge *b = ctrl_bridge_get(c, json_get_str(params, "bridge", ""), e);
	struct ctrl_port *p;

	if (!b) {
		snprintf(e->path, sizeof(e->path), "/bridge");
		return NULL;
	}
	if (ctrl_port_get(c, name, NULL)) {
		err_at(e, -EEXIST, "/name", "name: there is a port '%s' already", name);
		return NULL;
	}
	p = free_port(c, e);
	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->conf = json_deep_copy(params);
	p->bridge = ctrl_bridge_id(c, b);
	p->serial = ++c->port_serial;
	p->port.id = (uint16_t)(p - c->ports);
	p->port.ops = ops_of(json_get_str(params, "kind", ""));
	snprintf(p->port.name, sizeof(p->port.name), "%s", name);
	p->port.mtu = ctrl_port_mtu(c, p);
	if (ctrl_mtu_holds(c, p, e) != 0)
		goto free_conf;
	reset_counters(c, p->port.id);
	if (p->port.ops->create(&p->port, p->conf, e) != 0)
		goto free_conf;
	p->used = true;
	if (ctrl_publish(c, e) != 0)
		goto destroy_port;
	log_info("port %s: added, kind %s, bridge %s", name, json_get_str(params, "kind", ""),
		 ctrl_bridge_name(b));
	/* A guest may have been there before the port was published. */
	port_env.changed();
	return json_object();

destroy_port:
	p->used = false;
	p->port.ops->destroy(&p->port, false);
free_conf:
	p->port.ops = NULL;
	json_decref(p->conf);
	return NULL;
}

struct removal {
	struct ctrl_port *port;
	bool keep;
};

/* No worker knows the port any more. */
static void take_apart(struct ctrl *c, void *arg)
{
	struct removal *r = arg;
	struct ctrl_port *p = r->port;
	struct ctrl_bridge *b = &c->bridges[p->bridge];
	const struct fdb_match all_of_it = {.port = p->port.id, .vlan = -1, .with_static = true};
	uint32_t slot = 0;

	if (b->used && fdb_forget(b->fdb, &all_of_it, &slot, UINT32_MAX) > 0)
		ctrl_fdb_reap_later(c, b);
	p->port.ops->destroy(&p->port, r->keep);
	log_info("port %s: removed", p->port.name);
	p->port.ops = NULL;
	json_decref(p->conf);
	free(r);
}

void ctrl_port_remove(struct ctrl *c, struct ctrl_port *p, bool keep)
{
	struct removal *r = malloc(sizeof(*r));

	if (!r)
		abort(); /* the port can be neither kept nor taken apart */
	*r = (struct removal){.port = p, .keep = keep};
	if (c->chimney)
		chimney_port_gone(c->chimney, p->port.id);
	ctrl_flows_port_gone(c, p->port.id);
	p->used = false;
	if (ctrl_publish(c, NULL) != 0)
		abort();
	ctrl_defer(c, take_apart, r);
}

json_t *port_del(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_port *p = ctrl_port_get(c, json_get_str(params, "name", ""), e);

	if (!p)
		return NULL;
	ctrl_port_remove(c, p, false);
	return json_object();
}

/* The keys that params would change, checked against the others of the port. */
static json_t *merged(const struct ctrl_port *p, const json_t *params, struct err *e)
{
	json_t *conf = fill_merged("port", p->conf, params);

	if (!conf) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	/* A trunk that becomes an access port has no use for its list any more. */
	if (strcmp(json_get_str(conf, "vlan-mode", "access"), "access") == 0 &&
	    !json_object_get(params, "vlans"))
		json_object_del(conf, "vlans");
	if (api_check_port(conf, "", e) != 0) {
		json_decref(conf);
		return NULL;
	}
	return conf;
}

/* Does a key that says which VLANs there are differ? */
static bool other_vlans(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"vlan-mode", "pvid", "vlans"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *x = json_object_get(a, keys[i]), *y = json_object_get(b, keys[i]);

		if (x != y && !json_equal(x, y))
			return true;
	}
	return false;
}

json_t *port_set(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_port *p = ctrl_port_get(c, json_get_str(params, "name", ""), e);
	struct ctrl_mtus_before before;
	json_t *conf, *old;

	if (!p)
		return NULL;
	conf = merged(p, params, e);
	if (!conf)
		return NULL;
	/* In another VLAN the switch would not find a connection's packets any more. */
	if (c->chimney && other_vlans(p->conf, conf))
		chimney_port_gone(c->chimney, p->port.id);
	ctrl_mtu_before(c, &before);
	old = p->conf;
	p->conf = conf;
	if (ctrl_mtu_change(c, &before, e) != 0)
		goto restore_conf;
	if (ctrl_publish(c, e) != 0)
		goto restore_mtu;
	json_decref(old);
	return json_object();

restore_mtu:
	ctrl_mtu_undo(c, &before);
restore_conf:
	p->conf = old;
	json_decref(conf);
	return NULL;
}
