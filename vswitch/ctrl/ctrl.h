/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The switch as the control thread knows it: bridges, ports, and what is published of them to the
 * workers. Everything here belongs to the main thread.
 *
 * A change is made in the model, then published whole (ctrl_publish()). What the workers may
 * still be using is taken apart after a grace period (ctrl_defer()); main never waits for a worker
 * longer than SETTLE_MS, and if one is slower the rest is done from a timer.
 */
#ifndef VSWITCH_CTRL_CTRL_H
#define VSWITCH_CTRL_CTRL_H

#include "base/json.h"
#include "pipelines/worker.h"
#include "api/serve/rpc.h"
#include "offload/chimney/slow/policy.h"
#include "vswitch/port/port.h"

#include <event2/event.h>
#include <sys/queue.h>

struct ctrl_bridge {
	bool used;
	json_t *conf; /* the keys as they were given */
	struct fdb *fdb;
	uint32_t age_slot;	   /* where ageing goes on */
	struct chim_policy policy; /* which connections are offloaded */
};

struct ctrl_port {
	bool used;
	bool said_up;
	json_t *conf;
	uint16_t bridge;
	uint32_t serial; /* of all ports there ever were */
	struct port port;
};

struct ctrl_deferred;
struct ctrl_flow_poller;
struct ctrl_hold;
struct flow;

struct ctrl {
	struct event_base *base;
	struct rpc_server *rpc;
	struct worker_shared shared;
	struct worker *workers; /* n_workers of them */
	uint16_t n_workers;
	struct rte_mempool *data_pool, *header_pool;
	bool hugepages;
	uint64_t started_ns;

	bool poll_always;
	bool applying; /* a configuration, checked as a whole: single steps need not hold */
	json_t *switch_conf;
	struct ctrl_bridge bridges[FWD_BRIDGES_MAX];
	struct ctrl_port ports[FWD_PORTS_MAX];
	uint32_t port_serial;
	struct flow_table *flows;
	struct ctrl_flow_poller *flow_pollers; /* one a worker */
	bool reaping;			       /* a reap of flows waits for a grace period */
	struct event *reap_timer;	       /* NULL until one is needed */
	LIST_HEAD(, ctrl_hold) holds;	       /* flows held by hand */
	/* Adds to a row of flow.show what else is known of the flow. NULL: nothing is. */
	void (*flow_extra)(void *ctx, json_t *row, const struct flow *f);
	void *flow_extra_ctx;
	struct chimney *chimney; /* TCP connections that are offloaded */
	struct pkt_trace *trace; /* n_workers of them while somebody traces, else NULL */

	STAILQ_HEAD(, ctrl_deferred) deferred;
	struct event *timer;   /* ageing, and deferred work that a slow worker held up */
	struct event *changed; /* a port's state changed */
	int changed_fd;
};

extern const struct rpc_handler ctrl_handlers[];
extern const struct rpc_later ctrl_later[];

/* Sets up the model and its events. 0 or a negative errno. */
int ctrl_init(struct ctrl *c, struct event_base *base);

/* Removes all ports and bridges; the workers have ended. */
void ctrl_fini(struct ctrl *c);

/* Tells the workers how things are now. 0 or -ENOMEM (they keep what they have). */
int ctrl_publish(struct ctrl *c, struct err *e);

/* Runs fn(c, arg) when no worker can still be using what was published before the last
 * ctrl_publish(): nearly always before this returns. */
void ctrl_defer(struct ctrl *c, void (*fn)(struct ctrl *c, void *arg), void *arg);

/* free(block) then. */
void ctrl_free_later(struct ctrl *c, void *block);

/* Runs all deferred work whose grace period is over. */
void ctrl_run_deferred(struct ctrl *c);

/* By name; NULL with e filled (-ENOENT). */
struct ctrl_bridge *ctrl_bridge_get(struct ctrl *c, const char *name, struct err *e);
struct ctrl_port *ctrl_port_get(struct ctrl *c, const char *name, struct err *e);

uint16_t ctrl_bridge_id(const struct ctrl *c, const struct ctrl_bridge *b);
const char *ctrl_bridge_name(const struct ctrl_bridge *b);

/* Lets a reap of the bridge's FDB follow what was just marked dead. */
void ctrl_fdb_reap_later(struct ctrl *c, struct ctrl_bridge *b);

/* Forgets aged addresses, a part of each table a call. */
void ctrl_age(struct ctrl *c);

/* inside.c: tells ports on devices what is behind the others of their bridge. */
void ctrl_tell_inside(struct ctrl *c);

/* The MTU that is planned: the site's, a bridge's, a port's. */
uint16_t ctrl_site_mtu(const struct ctrl *c);
uint16_t ctrl_bridge_mtu(const struct ctrl *c, const struct ctrl_bridge *b);
uint16_t ctrl_port_mtu(const struct ctrl *c, const struct ctrl_port *p);

/* Removes the port. `keep`: leave what a later flued takes over. */
void ctrl_port_remove(struct ctrl *c, struct ctrl_port *p, bool keep);

/* What is configured, as config.show answers; a new reference. */
json_t *ctrl_config(const struct ctrl *c);

/* Makes the configuration come true, or changes nothing. Returns the changes, or NULL. */
json_t *ctrl_apply(struct ctrl *c, const json_t *config, bool dry_run, struct err *e);

/* The handlers, one file an object. */
json_t *switch_show(void *ctx, const json_t *params, struct err *e);
json_t *switch_set(void *ctx, const json_t *params, struct err *e);
json_t *bridge_add(void *ctx, const json_t *params, struct err *e);
json_t *bridge_set(void *ctx, const json_t *params, struct err *e);
json_t *bridge_del(void *ctx, const json_t *params, struct err *e);
json_t *bridge_show(void *ctx, const json_t *params, struct err *e);
json_t *port_add(void *ctx, const json_t *params, struct err *e);
json_t *port_set(void *ctx, const json_t *params, struct err *e);
json_t *port_del(void *ctx, const json_t *params, struct err *e);
json_t *port_show(void *ctx, const json_t *params, struct err *e);
json_t *fdb_add(void *ctx, const json_t *params, struct err *e);
json_t *fdb_del(void *ctx, const json_t *params, struct err *e);
json_t *fdb_show(void *ctx, const json_t *params, struct err *e);
json_t *fdb_flush(void *ctx, const json_t *params, struct err *e);
json_t *flow_show(void *ctx, const json_t *params, struct err *e);
json_t *flow_hold_by_hand(void *ctx, const json_t *params, struct err *e);
json_t *flow_release_by_hand(void *ctx, const json_t *params, struct err *e);
json_t *vlan_add(void *ctx, const json_t *params, struct err *e);
json_t *vlan_del(void *ctx, const json_t *params, struct err *e);
json_t *vlan_show(void *ctx, const json_t *params, struct err *e);
json_t *mtu_show(void *ctx, const json_t *params, struct err *e);
json_t *mtu_check(void *ctx, const json_t *params, struct err *e);
json_t *pipeline_show(void *ctx, const json_t *params, struct err *e);
json_t *config_show(void *ctx, const json_t *params, struct err *e);
json_t *config_apply(void *ctx, const json_t *params, struct err *e);
json_t *trace_start(void *ctx, const json_t *params, struct err *e);
json_t *trace_read(void *ctx, const json_t *params, struct err *e);
json_t *trace_stop(void *ctx, const json_t *params, struct err *e);

#endif
