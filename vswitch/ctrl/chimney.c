/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_mem.h"
#include "vswitch/ctrl/chimney_tap.h"
#include "vswitch/ctrl/flow.h"

#include "api/serve/rpc_listen.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	GRACE_NS = 20000000,
	STOP_NS = 1000000000,
	TICK_MS = 100,
	/* A worker that is awake answers in a few microseconds: to look for that is shorter than
	 * the way through the event loop. */
	AWAIT_NS = 100000,
};

static void inject(void *pipe, uint16_t port, struct rte_mbuf **pkts, uint16_t n)
{
	pipe_inject(pipe, port, pkts, n);
}

static void forward(void *pipe, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	pipe_forward(pipe, bridge, pkts, n);
}

static uint32_t poll(void *ctx, struct pipe *pipe, uint64_t now_ns)
{
	return chim_lane_poll(ctx, pipe->burst.w, pipe, now_ns);
}

static int sleep_on(void *ctx, int *fds, int max, uint64_t *until_ns)
{
	return chim_lane_sleep(ctx, fds, max, until_ns);
}

static void awake(void *ctx)
{
	chim_lane_wake(ctx);
}

static int make_lanes(struct chimney *ch, uint32_t max, struct err *e)
{
	struct worker_poller poller = {.poll = poll, .sleep = sleep_on, .wake = awake};

	for (uint16_t i = 0; i < ch->ctrl->n_workers; i++) {
		const struct chim_lane_conf conf = {
			.worker = i,
			.max_conns = max,
			.tso = true,
			.clients = &ch->clients,
			.inject = inject,
			.forward = forward,
			.says = &ch->says,
			.says_fd = ch->says_fd,
		};

		ch->lanes[i] = chim_lane_new(&conf, e);
		if (!ch->lanes[i])
			return e->code;
		poller.ctx = ch->lanes[i];
		if (worker_add_poller(&ch->ctrl->workers[i], &poller) != 0)
			return err_set(e, -ENOSPC, "worker %u looks after too much", i);
	}
	return 0;
}

static void dispatch(struct chim_link *l, uint32_t said)
{
	if (said & (CHIM_SAY_FAILED | CHIM_SAY_STARTED | CHIM_SAY_DUMPED | CHIM_SAY_STUCK |
		    CHIM_SAY_TAPPED))
		l->chimney->awaited -= l->chimney->awaited > 0;
	if (said & CHIM_SAY_FAILED && l->phase == CHIM_STARTING)
		chimney_not_started(l);
	if (said & CHIM_SAY_STARTED && l->phase == CHIM_STARTING)
		chimney_started(l);
	if (said & CHIM_SAY_UPDATED)
		chimney_updated(l);
	if (said & CHIM_SAY_QUOTED)
		chimney_quoted(l);
	if (said & CHIM_SAY_INFO)
		chimney_answered(l);
	if (said & CHIM_SAY_TAPPED)
		chimney_tapped(l);
	/* What is a matter of policy no worker wishes: the policy looks by itself. */
	if (said & CHIM_SAY_WISH)
		chimney_upload(l, l->conn.wish);
	if (said & CHIM_SAY_DUMPED && l->phase == CHIM_FREEZING)
		chimney_dumped(l);
	if (said & CHIM_SAY_STUCK && l->phase == CHIM_FREEZING)
		chimney_stuck(l);
	if (said & CHIM_SAY_CLOSED)
		chimney_closed(l);
	if (said & CHIM_SAY_STOPPED)
		chimney_stopped(l);
}

void chimney_take_mail(struct chimney *ch)
{
	struct chim_mail *m = chim_mail_take(&ch->says), *next;

	for (; m; m = next) {
		next = m->next;
		dispatch((struct chim_link *)((char *)m - offsetof(struct chim_conn, say)),
			 chim_mail_open(m));
	}
}

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	chimney_take_mail(arg);
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	struct chimney *ch = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (conn >= 0) {
		chimney_app_new(ch, conn);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		event_del(ch->listening);
		ch->resting = true;
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct chimney *ch = arg;
	struct chim_link *l, *next;
	bool second = ++ch->ticks % (1000 / TICK_MS) == 0;

	ctrl_flows_reap(ch->ctrl);
	chimney_limit_tick(ch);
	if (ch->n_apps > 0)
		chimney_refill(ch);
	for (l = TAILQ_FIRST(&ch->links); l; l = next) {
		next = TAILQ_NEXT(l, list);
		chimney_redeliver(l);
		if (l->why != CHIM_UPLOAD_NONE && l->phase == CHIM_RUNNING)
			chimney_go_back(l, l->why);
		else if (l->why != CHIM_UPLOAD_NONE &&
			 (l->phase == CHIM_OVER || l->phase == CHIM_CLOSING))
			chimney_kept(l, -ENOTCONN);
		else if (!l->asked && ((l->phase == CHIM_CLOSING && !l->emptied) ||
				       (second && chimney_policy_cares(l))))
			chimney_query(l); /* chimney_informed() looks */
	}
	if (second)
		chimney_tend(ch);
}

int chimney_init(struct chimney *ch, struct ctrl *c, uint32_t max, struct err *e)
{
	const struct timeval period = {.tv_usec = TICK_MS * 1000};

	ch->ctrl = c;
	ch->listen_fd = -1;
	ch->max_links = max;
	ch->flows = c->flows;
	TAILQ_INIT(&ch->apps);
	TAILQ_INIT(&ch->links);
	LIST_INIT(&ch->spaces);
	LIST_INIT(&ch->watches);
	if (chimney_tree_init(ch) != 0)
		return err_set(e, -ENOMEM, "no memory for what is offloaded");
	ch->says_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ch->says_fd < 0)
		return err_set(e, -errno, "no eventfd: %s", strerror(errno));
	ch->mail = event_new(c->base, ch->says_fd, EV_READ | EV_PERSIST, on_mail, ch);
	ch->timer = event_new(c->base, -1, EV_PERSIST, on_tick, ch);
	if (!ch->mail || !ch->timer)
		return err_set(e, -ENOMEM, "no memory for events");
	event_add(ch->mail, NULL);
	event_add(ch->timer, &period);
	return chimney_icmp_init(ch, e) != 0 ? e->code : make_lanes(ch, max, e);
}

int chimney_listen(struct chimney *ch, const char *path, const char *group, struct err *e)
{
	ch->listen_fd = rpc_listen_packets(path, group, e);
	if (ch->listen_fd < 0)
		return ch->listen_fd;
	ch->path = path;
	chimney_limit_init(ch);
	ch->listening =
		event_new(ch->ctrl->base, ch->listen_fd, EV_READ | EV_PERSIST, on_client, ch);
	if (!ch->listening)
		return err_set(e, -ENOMEM, "no memory for events");
	event_add(ch->listening, NULL);
	return 0;
}

int chimney_grace(struct chimney *ch)
{
	struct rte_rcu_qsbr *qsbr = ch->ctrl->shared.qsbr;
	uint64_t token = rte_rcu_qsbr_start(qsbr), until = clock_now_ns() + GRACE_NS;

	while (rte_rcu_qsbr_check(qsbr, token, false) != 1) {
		if (clock_now_ns() > until)
			return -ETIMEDOUT;
		sched_yield();
	}
	return 0;
}

void chimney_await(struct chimney *ch)
{
	uint64_t until = clock_now_ns() + AWAIT_NS;

	while (ch->awaited > 0 && clock_now_ns() < until)
		chimney_take_mail(ch);
	ch->awaited = 0; /* what comes later comes by the event loop */
}

void chimney_ask(struct chim_link *l, uint32_t asks)
{
	if (asks & (CHIM_ASK_START | CHIM_ASK_FREEZE | CHIM_ASK_TAP))
		l->chimney->awaited++;
	if (chim_lane_ask(&l->conn, asks))
		worker_wake(&l->chimney->ctrl->workers[l->worker]);
}

void chimney_stop(struct chimney *ch)
{
	uint64_t until = clock_now_ns() + STOP_NS;
	struct chim_link *l;

	ch->stopping = true;
	if (ch->listening)
		event_del(ch->listening);
	if (!TAILQ_EMPTY(&ch->links))
		log_info("chimney: %u connections go back to the kernel", ch->n_links);
	TAILQ_FOREACH (l, &ch->links, list)
		chimney_upload(l, CHIM_UPLOAD_STOPPING);
	while (!TAILQ_EMPTY(&ch->links) && clock_now_ns() < until) {
		chimney_take_mail(ch);
		ctrl_flows_reap(ch->ctrl);
		TAILQ_FOREACH (l, &ch->links, list) {
			chimney_redeliver(l);
			if (l->phase == CHIM_RUNNING && l->why != CHIM_UPLOAD_NONE)
				chimney_go_back(l, l->why);
			else if (l->phase == CHIM_RUNNING)
				chimney_upload(l, CHIM_UPLOAD_STOPPING);
			else if (l->phase == CHIM_CLOSING)
				chimney_end(l);
		}
		usleep(100);
	}
}

void chimney_fini(struct chimney *ch)
{
	struct chim_app *a;
	struct chim_link *l;

	while ((l = TAILQ_FIRST(&ch->links)) != NULL)
		chimney_stopped(l);
	chimney_tap_fini(ch);
	while ((a = TAILQ_FIRST(&ch->apps)) != NULL)
		chimney_app_gone(a);
	chimney_space_sweep(ch, true);
	chim_tree_free(ch->tree);
	while (ch->spares > 0)
		chim_mem_free(&ch->spare[--ch->spares]);
	for (uint16_t i = 0; i < FWD_WORKERS_MAX; i++)
		chim_lane_free(ch->lanes[i]);
	free(atomic_load(&ch->clients));
	if (ch->listening) {
		event_free(ch->listening);
		unlink(ch->path);
	}
	chimney_icmp_fini(ch);
	if (ch->mail)
		event_free(ch->mail);
	if (ch->timer)
		event_free(ch->timer);
	if (ch->listen_fd >= 0)
		close(ch->listen_fd);
	if (ch->says_fd > 0)
		close(ch->says_fd);
}
