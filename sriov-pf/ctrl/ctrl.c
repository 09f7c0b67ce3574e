/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/ctrl.h"

#include "api/serve/http_text.h"
#include "base/log.h"
#include "base/notify.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/drift.h"
#include "sriov-pf/ctrl/hand_server.h"
#include "sriov-pf/ctrl/holder.h"
#include "sriov-pf/ctrl/intent.h"
#include "sriov-pf/ctrl/leases.h"
#include "sriov-pf/ctrl/metrics.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/ctrl/quarantine.h"
#include "sriov-pf/ctrl/release.h"
#include "sriov-pf/ctrl/store.h"

#include <signal.h>
#include <string.h>
#include <time.h>

void ctrl_point(const struct ctrl *c, const char *name)
{
	if (c->setup->host->point)
		c->setup->host->point(name);
}

int64_t ctrl_now(void)
{
	return time(NULL);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	event_base_loopbreak(arg);
}

static void on_changed(void *arg, unsigned int ifindex)
{
	struct ctrl *c = arg;
	struct pf_entry *p;

	TAILQ_FOREACH (p, &c->pfs, entry)
		if (ifindex == 0 || p->state.ifindex == ifindex)
			pfs_look(p);
	if (ifindex == 0)
		pfs_list(c);
}

static void on_fault(void *arg, const char *address, const char *what)
{
	drift_fault(arg, address, what);
}

/* Who had a VF when the last daemon ended, and who has ended since. */
static void check_leases(struct ctrl *c)
{
	for (unsigned int i = 0; i < c->leases.leases; i++) {
		struct lease *l = c->leases.lease[i];
		struct err e = {0};

		/* Nobody waits for that release any more. */
		if (l->state == LEASE_RELEASING && leases_move(c, l, LEASE_HELD, NULL, &e) != 0)
			log_err("%s", e.text);
		if (l->state == LEASE_HELD && holder_watch(c, l, -1) != 0)
			quarantine_begin(c, l, "its holder has ended");
		else if (l->state == LEASE_QUARANTINE || l->state == LEASE_UNUSABLE)
			quarantine_begin(c, l, "it was not neutral yet");
		else if (l->state == LEASE_RESERVED && l->qmp[0])
			quarantine_begin(c, l, "it was not plugged yet");
	}
}

static int open_sockets(struct ctrl *c, struct err *e)
{
	const struct ctrl_setup *s = c->setup;

	c->hand = hand_server_new(c, s->hand_socket, s->group, e);
	if (!c->hand)
		return e->code;
	if (s->metrics) {
		c->metrics = http_text_new(c->base, s->metrics, pf_metrics, c, e);
		if (!c->metrics)
			return e->code;
	}
	c->rpc = rpc_server_new(c->base, s->socket, s->group, ctrl_handlers, c, e);
	if (!c->rpc)
		return e->code;
	rpc_server_later(c->rpc, ctrl_laters);
	return 0;
}

void ctrl_progress(struct ctrl *c)
{
	if (c->ready || !c->listed || !pfs_settled(c))
		return;
	c->ready = true;
	intent_end(c);
	check_leases(c);
	if (open_sockets(c, &c->failed) != 0) {
		event_base_loopbreak(c->base);
		return;
	}
	log_info("ready: control socket %s, hand-over socket %s", c->setup->socket,
		 c->setup->hand_socket);
	notify_send("READY=1");
}

static int load(struct ctrl *c, struct err *e)
{
	struct err why = {0};
	json_t *config;
	int ret = store_make_dir(c->setup->state_dir, e);

	if (ret == 0)
		ret = store_make_dir(c->setup->run_dir, e);
	if (ret == 0)
		ret = leases_load(c, e);
	if (ret == 0)
		ret = intent_load(c, e);
	if (ret != 0)
		return ret;
	config = store_read(c->setup->state_dir, "config.json", &why);
	if (!config && why.code != -ENOENT)
		return err_set(e, why.code, "%.380s", why.text);
	c->config = config_only(config);
	json_decref(config);
	return 0;
}

static int begin(struct ctrl *c, struct err *e)
{
	const struct pf_host_events events = {on_changed, on_fault, c};

	c->lister = pf_agent_new(&(struct pf_agent_setup){.base = c->base,
							  .host = c->setup->host,
							  .dir = c->setup->state_dir,
							  .address = "",
							  .deadline_ms = c->setup->deadline_ms},
				 e);
	if (!c->lister)
		return e->code;
	if (c->setup->host->watch) {
		c->watch = c->setup->host->watch(c->base, &events, e);
		if (!c->watch)
			return e->code;
	}
	pfs_list(c);
	return 0;
}

static void clear(struct ctrl *c)
{
	if (c->watch)
		c->setup->host->stop(c->watch);
	pfs_clear(c);
	pf_agent_free(c->lister);
	release_clear(c);
	quarantine_clear(c);
	for (unsigned int i = 0; i < c->leases.leases; i++)
		holder_forget(c->leases.lease[i]);
	lease_table_clear(&c->leases);
	json_decref(c->config);
	json_decref(c->intent);
	json_decref(c->generations);
}

static int serve(struct ctrl *c, struct err *e)
{
	struct event *term = evsignal_new(c->base, SIGTERM, on_signal, c->base);
	struct event *intr = evsignal_new(c->base, SIGINT, on_signal, c->base);
	int ret = -ENOMEM;

	if (term && intr && event_add(term, NULL) == 0 && event_add(intr, NULL) == 0)
		ret = begin(c, e);
	else
		err_set(e, ret, "no event loop");
	if (ret == 0) {
		event_base_dispatch(c->base);
		notify_send("STOPPING=1");
		log_info("stopping");
		ret = c->failed.code;
		if (ret != 0)
			*e = c->failed;
	}
	hand_server_free(c->hand);
	rpc_server_free(c->rpc);
	http_text_free(c->metrics);
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return ret;
}

int ctrl_run(const struct ctrl_setup *setup, struct err *e)
{
	struct ctrl c = {.setup = setup, .base = event_base_new()};
	int ret;

	TAILQ_INIT(&c.pfs);
	TAILQ_INIT(&c.waiters);
	TAILQ_INIT(&c.releases);
	if (!c.base)
		return err_set(e, -ENOMEM, "no event loop");
	signal(SIGPIPE, SIG_IGN);
	ret = load(&c, e);
	if (ret == 0)
		ret = serve(&c, e);
	clear(&c);
	event_base_free(c.base);
	return ret;
}
