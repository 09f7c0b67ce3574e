/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/flow.h"

#include "api/schema.h"
#include "base/clock.h"
#include "base/impair.h"
#include "base/log.h"
#include "base/ranges.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TIMER_MS = 500, SETTLE_MS = 100 };

struct ctrl_deferred {
	STAILQ_ENTRY(ctrl_deferred) link;
	uint64_t token;
	void (*fn)(struct ctrl *c, void *arg);
	void *arg;
};

/* The one switch of this process, for callbacks from threads that know no context. */
static struct ctrl *the_ctrl;

static void quiesce(void)
{
	rte_rcu_qsbr_synchronize(the_ctrl->shared.qsbr, RTE_QSBR_THRID_INVALID);
}

static void port_changed(void)
{
	const uint64_t one = 1;

	if (write(the_ctrl->changed_fd, &one, sizeof(one)) < 0)
		return; /* full: main will look anyway */
}

static void wake_all(const struct ctrl *c)
{
	for (uint16_t i = 0; i < c->n_workers; i++)
		worker_wake(&c->workers[i]);
}

static void on_changed(evutil_socket_t fd, short what, void *arg)
{
	struct ctrl *c = arg;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (int i = 0; i < FWD_PORTS_MAX; i++) {
		struct ctrl_port *p = &c->ports[i];
		bool up = p->used && atomic_load(&p->port.up);

		if (p->used && up != p->said_up)
			log_info("port %s: %s", p->port.name, up ? "up" : "down");
		p->said_up = up;
		if (p->used && p->port.ops->changed)
			p->port.ops->changed(&p->port);
	}
	wake_all(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct ctrl *c = arg;

	ctrl_run_deferred(c);
	ctrl_age(c);
	ctrl_tell_inside(c);
	ctrl_flows_reap(c);
}

int ctrl_init(struct ctrl *c, struct event_base *base)
{
	const struct timeval period = {.tv_usec = TIMER_MS * 1000};
	const struct port_env env = {
		.data_pool = c->data_pool,
		.n_workers = c->n_workers,
		.quiesce = quiesce,
		.changed = port_changed,
	};

	the_ctrl = c;
	c->base = base;
	c->started_ns = clock_now_ns();
	c->switch_conf = json_object();
	STAILQ_INIT(&c->deferred);
	port_init(&env);
	c->changed_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->changed_fd < 0)
		return -errno;
	c->changed = event_new(base, c->changed_fd, EV_READ | EV_PERSIST, on_changed, c);
	c->timer = event_new(base, -1, EV_PERSIST, on_timer, c);
	if (!c->switch_conf || !c->changed || !c->timer)
		return -ENOMEM;
	event_add(c->changed, NULL);
	event_add(c->timer, &period);
	return ctrl_publish(c, NULL);
}

void ctrl_fini(struct ctrl *c)
{
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		if (c->ports[i].used)
			ctrl_port_remove(c, &c->ports[i], true);
	ctrl_run_deferred(c);
	for (int i = 0; i < FWD_BRIDGES_MAX; i++) {
		if (!c->bridges[i].used)
			continue;
		fdb_free(c->bridges[i].fdb);
		json_decref(c->bridges[i].conf);
	}
	json_decref(c->switch_conf);
	event_free(c->timer);
	event_free(c->changed);
	close(c->changed_fd);
	free((void *)(uintptr_t)atomic_load(&c->shared.fwd));
	free(c->trace);
}

uint16_t ctrl_bridge_id(const struct ctrl *c, const struct ctrl_bridge *b)
{
	return (uint16_t)(b - c->bridges);
}

const char *ctrl_bridge_name(const struct ctrl_bridge *b)
{
	return json_get_str(b->conf, "name", "");
}

struct ctrl_bridge *ctrl_bridge_get(struct ctrl *c, const char *name, struct err *e)
{
	for (int i = 0; i < FWD_BRIDGES_MAX; i++)
		if (c->bridges[i].used && strcmp(ctrl_bridge_name(&c->bridges[i]), name) == 0)
			return &c->bridges[i];
	err_set(e, -ENOENT, "there is no bridge '%s'; 'flue bridge show' lists them", name);
	return NULL;
}

struct ctrl_port *ctrl_port_get(struct ctrl *c, const char *name, struct err *e)
{
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		if (c->ports[i].used && strcmp(c->ports[i].port.name, name) == 0)
			return &c->ports[i];
	err_set(e, -ENOENT, "there is no port '%s'; 'flue port show' lists them", name);
	return NULL;
}

static void fill_vlans(struct fwd_port *fp, const json_t *conf)
{
	bool trunk = strcmp(json_get_str(conf, "vlan-mode", "access"), "trunk") == 0;

	fp->pvid = (uint16_t)json_get_int(conf, "pvid", 1);
	if (trunk)
		ranges_parse(json_get_str(conf, "vlans", "1-4094"), fp->vlans, 4096, 1, 4094);
	if (fp->pvid)
		ranges_set(fp->vlans, fp->pvid);
}

static enum fwd_merge merge_of(const json_t *conf)
{
	const char *gro = json_get_str(conf, "gro", "on");

	/* What a device sends are frames on a wire. */
	if (strcmp(gro, "off") == 0 || strcmp(json_get_str(conf, "kind", ""), "ethdev") == 0)
		return FWD_MERGE_OFF;
	return strcmp(gro, "rsc") == 0 ? FWD_MERGE_RSC : FWD_MERGE_REVERSIBLE;
}

static void fill_port(const struct ctrl *c, struct fwd_config *f, struct ctrl_port *p)
{
	struct fwd_port *fp = &f->ports[p->port.id];
	struct fwd_bridge *fb = &f->bridges[p->bridge];

	fp->port = &p->port;
	fp->bridge = p->bridge;
	fp->mtu = ctrl_port_mtu(c, p);
	fp->guest_mtu = &p->port.guest_mtu;
	fp->ptb = api_port_ptb(p->conf);
	fp->merge = merge_of(p->conf);
	fp->isolated = json_get_bool(p->conf, "isolated", false);
	fp->learn_limit = (uint32_t)json_get_int(p->conf, "learn-limit", 0);
	impair_parse(json_get_str(p->conf, "impair", NULL), &fp->impair, NULL);
	fp->serial = p->serial;
	fill_vlans(fp, p->conf);
	fb->members[fb->n_members++] = p->port.id;
	for (uint16_t q = 0; q < p->port.n_rxq; q++) {
		uint16_t w = (uint16_t)((p->port.id + q) % c->n_workers);

		f->workers[w].rxq[f->workers[w].n++] = (struct fwd_rxq){p->port.id, q};
	}
}

static void free_block(struct ctrl *c, void *arg)
{
	free(arg);
}

void ctrl_free_later(struct ctrl *c, void *block)
{
	ctrl_defer(c, free_block, block);
}

int ctrl_publish(struct ctrl *c, struct err *e)
{
	struct fwd_config *f = calloc(1, sizeof(*f));
	void *old;

	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	f->poll_always = c->poll_always;
	f->flows = c->flows;
	for (int i = 0; i < FWD_BRIDGES_MAX; i++) {
		if (!c->bridges[i].used)
			continue;
		f->bridges[i].fdb = c->bridges[i].fdb;
		f->bridges[i].link_local = json_get_bool(c->bridges[i].conf, "link-local", false);
		f->bridges[i].mss_clamp = json_get_bool(c->bridges[i].conf, "mss-clamp", false);
	}
	for (int i = 0; i < FWD_PORTS_MAX; i++)
		if (c->ports[i].used)
			fill_port(c, f, &c->ports[i]);
	for (uint16_t i = 0; i < c->n_workers; i++)
		f->workers[i].trace = c->trace ? &c->trace[i] : NULL;
	old = (void *)(uintptr_t)atomic_exchange(&c->shared.fwd, f);
	wake_all(c);
	if (old)
		ctrl_free_later(c, old);
	return 0;
}

void ctrl_run_deferred(struct ctrl *c)
{
	struct ctrl_deferred *d;

	/* In order: what is later in the list has a later token. */
	while ((d = STAILQ_FIRST(&c->deferred)) != NULL &&
	       rte_rcu_qsbr_check(c->shared.qsbr, d->token, false) == 1) {
		STAILQ_REMOVE_HEAD(&c->deferred, link);
		d->fn(c, d->arg);
		free(d);
	}
}

void ctrl_defer(struct ctrl *c, void (*fn)(struct ctrl *c, void *arg), void *arg)
{
	uint64_t until = clock_now_ns() + SETTLE_MS * UINT64_C(1000000);
	struct ctrl_deferred *d = malloc(sizeof(*d));

	if (!d)
		abort(); /* no way on: what is published can be neither freed nor forgotten */
	*d = (struct ctrl_deferred){
		.token = rte_rcu_qsbr_start(c->shared.qsbr), .fn = fn, .arg = arg};
	STAILQ_INSERT_TAIL(&c->deferred, d, link);
	/* A worker passes a quiescent state once a burst: this takes microseconds. */
	for (;;) {
		ctrl_run_deferred(c);
		if (STAILQ_EMPTY(&c->deferred) || clock_now_ns() > until)
			return;
		usleep(10);
	}
}
