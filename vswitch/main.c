/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flued: the start list, and its reverse.
 *
 * Main is the control thread; each worker is a thread of DPDK's on a processor of its own.
 */
#include "api/cfg_yaml.h"
#include "base/log.h"
#include "base/notify.h"
#include "offload/tso_lro/lro_merge.h"
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_tap.h"
#include "pipelines/impair.h"
#include "vswitch/ctrl/ctrl.h"
#include "vswitch/ctrl/flow.h"
#include "vswitch/ctrl/metrics.h"
#include "vswitch/eal.h"
#include "vswitch/options.h"
#include "vswitch/port/intrthread.h"

#include <event2/event.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct ctrl ctrl;
static struct chimney chimney;
static struct worker_run runs[FWD_WORKERS_MAX];

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	event_base_loopbreak(arg);
}

/* 0 or a negative errno with e filled. */
static int workers_init(struct ctrl *c, const struct options *o, struct err *e)
{
	c->workers =
		rte_zmalloc("workers", sizeof(struct worker) * o->n_cores, RTE_CACHE_LINE_SIZE);
	c->shared.qsbr =
		rte_zmalloc("rcu", rte_rcu_qsbr_get_memsize(o->n_cores), RTE_CACHE_LINE_SIZE);
	if (!c->workers || !c->shared.qsbr || rte_rcu_qsbr_init(c->shared.qsbr, o->n_cores) != 0)
		return err_set(e, -ENOMEM, "no memory for %u workers", o->n_cores);
	for (uint16_t i = 0; i < o->n_cores; i++) {
		struct worker *w = &c->workers[i];
		struct worker_poller late;

		w->lcore = i + 1u;
		w->core = o->cores[i];
		w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		w->ctx.id = i;
		w->ctx.data_pool = c->data_pool;
		w->ctx.header_pool = c->header_pool;
		w->ctx.counters =
			rte_zmalloc("counters", sizeof(struct pkt_counters) * FWD_PORTS_MAX,
				    RTE_CACHE_LINE_SIZE);
		w->ctx.out = rte_zmalloc("out", sizeof(struct pkt_outq) * FWD_PORTS_MAX,
					 RTE_CACHE_LINE_SIZE);
		w->ctx.dirty =
			rte_zmalloc("dirty", sizeof(uint16_t) * FWD_PORTS_MAX, RTE_CACHE_LINE_SIZE);
		w->ctx.lro = lro_new();
		w->ctx.impair = impair_queue_new();
		if (w->wake_fd < 0 || !w->ctx.counters || !w->ctx.out || !w->ctx.dirty ||
		    !w->ctx.lro || !w->ctx.impair)
			return err_set(e, -ENOMEM, "no memory for worker %u", i);
		pipe_init(&w->pipe, &w->ctx);
		late = impair_poller(w->ctx.impair);
		worker_add_poller(w, &late);
		runs[i] = (struct worker_run){.worker = w, .shared = &c->shared};
	}
	return 0;
}

static int workers_start(const struct ctrl *c, struct err *e)
{
	for (uint16_t i = 0; i < c->n_workers; i++)
		if (rte_eal_remote_launch(worker_main, &runs[i], c->workers[i].lcore) != 0)
			return err_set(e, -EBUSY, "worker %u does not start", i);
	return 0;
}

static void workers_stop(struct ctrl *c)
{
	atomic_store(&c->shared.stop, true);
	for (uint16_t i = 0; i < c->n_workers; i++)
		worker_wake(&c->workers[i]);
	rte_eal_mp_wait_lcore();
}

static int load_config(struct ctrl *c, const char *path, struct err *e)
{
	struct cfg_lines *lines;
	json_t *config, *changes;
	int ret = cfg_load_file(path, &config, &lines, e);

	if (ret != 0)
		return ret;
	changes = ctrl_apply(c, config, false, e);
	if (!changes)
		cfg_err_locate(e, path, lines);
	ret = changes ? 0 : e->code;
	json_decref(changes);
	json_decref(config);
	cfg_lines_free(lines);
	return ret;
}

/* For the metrics: what the methods of that name answer. */
static int snapshot(void *ctx, struct metrics_data *data, struct err *e)
{
	json_t *with_stats = json_pack("{s:b}", "stats", 1);

	data->ports = port_show(ctx, with_stats, e);
	data->bridges = bridge_show(ctx, NULL, e);
	data->sw = switch_show(ctx, NULL, e);
	data->pipeline = pipeline_show(ctx, NULL, e);
	data->chimney = chimney_summary(&chimney);
	json_decref(with_stats);
	return data->ports && data->bridges && data->sw && data->pipeline ? 0 : e->code;
}

/* Serves until a signal comes. */
static int serve(struct ctrl *c, const struct options *o, struct event_base *base, struct err *e)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct metrics_server *metrics = NULL;
	int ret = -ENOMEM;

	if (!term || !intr)
		goto free_signals;
	event_add(term, NULL);
	event_add(intr, NULL);
	ret = o->config ? load_config(c, o->config, e) : 0;
	if (ret != 0)
		goto free_signals;
	if (o->metrics) {
		metrics = metrics_server_new(base, o->metrics, snapshot, c, e);
		ret = metrics ? 0 : e->code;
		if (ret != 0)
			goto free_signals;
	}
	c->rpc = rpc_server_new(base, o->socket, o->group, ctrl_handlers, c, e);
	if (!c->rpc) {
		ret = e->code;
		goto free_metrics;
	}
	rpc_server_later(c->rpc, ctrl_later);
	rpc_server_on_gone(c->rpc, tap_caller_gone);
	if (o->chimney) {
		ret = chimney_listen(&chimney, o->chimney, o->group, e);
		if (ret != 0)
			goto free_rpc;
	}
	log_info("ready: %u worker%s, control socket %s", c->n_workers, c->n_workers > 1 ? "s" : "",
		 o->socket);
	notify_send("READY=1");
	event_base_dispatch(base);
	notify_send("STOPPING=1");
	log_info("stopping");
	chimney_stop(&chimney);
free_rpc:
	rpc_server_free(c->rpc);
free_metrics:
	metrics_server_free(metrics);
free_signals:
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return ret;
}

static int run(const struct options *o, struct err *e)
{
	struct eal_setup eal = {
		.program = "flued",
		.cores = o->cores,
		.n_workers = o->n_cores,
		.mbufs = o->mbufs,
		.no_huge = o->no_huge,
	};
	struct event_base *base;
	int ret;

	ret = eal_start(&eal, e);
	if (ret != 0)
		return ret;
	ctrl.data_pool = eal.data_pool;
	ctrl.header_pool = eal.header_pool;
	ctrl.hugepages = eal.hugepages;
	ctrl.n_workers = o->n_cores;
	ret = intrthread_start(e);
	if (ret != 0)
		goto clean_eal;
	base = event_base_new();
	if (!base) {
		ret = err_set(e, -ENOMEM, "no event loop");
		goto settle;
	}
	ret = workers_init(&ctrl, o, e);
	if (ret == 0)
		ret = ctrl_flows_init(&ctrl, o->flows, e);
	if (ret == 0)
		ret = ctrl_init(&ctrl, base);
	if (ret != 0)
		goto free_flows;
	ctrl.chimney = &chimney;
	ret = chimney_init(&chimney, &ctrl, o->chimney_max, e);
	if (ret != 0)
		goto free_chimney;
	ret = workers_start(&ctrl, e);
	if (ret == 0)
		ret = serve(&ctrl, o, base, e);
	workers_stop(&ctrl);
free_chimney:
	chimney_fini(&chimney);
	ctrl_fini(&ctrl);
	for (uint16_t i = 0; i < ctrl.n_workers; i++)
		impair_queue_free(ctrl.workers[i].ctx.impair);
free_flows:
	ctrl_flows_fini(&ctrl);
	event_base_free(base);
settle:
	/* What follows unmaps memory that the interrupt thread reads when it is woken. */
	intrthread_settle();
clean_eal:
	rte_eal_cleanup();
	return ret;
}

int main(int argc, char **argv)
{
	struct options o;
	struct err e = {0};

	if (options_parse(&o, argc, argv, &e) != 0) {
		log_err("%s", e.text);
		return 2;
	}
	switch (o.what) {
	case OPTIONS_HELP:
		fputs(options_help, stdout);
		return 0;
	case OPTIONS_VERSION:
		puts("flued " FLUE_VERSION);
		return 0;
	case OPTIONS_DOT:
		pipe_write_dot(stdout);
		return 0;
	default:
		break;
	}
	signal(SIGPIPE, SIG_IGN);
	if (run(&o, &e) != 0) {
		log_err("%s", e.text[0] ? e.text : strerror(-e.code));
		return 1;
	}
	return 0;
}
