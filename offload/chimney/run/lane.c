/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/lane_own.h"

#include "base/clock.h"
#include "offload/chimney/run/bells.h"
#include "offload/chimney/run/odd.h"
#include "offload/chimney/run/tap.h"
#include "offload/chimney/run/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void never_freed(void *addr, void *opaque)
{
}

void chim_lane_say(struct chim_conn *c, uint32_t what)
{
	struct chim_lane *l = c->lane;
	const uint64_t one = 1;

	if (chim_mail_post(l->conf.says, &c->say, what) &&
	    write(l->conf.says_fd, &one, sizeof(one)) < 0)
		return; /* full: main is on its way */
}

/* The engine's surroundings. */

static int on_send(void *ctx, void *user, const struct chim_out *out)
{
	struct chim_lane *l = ctx;
	struct chim_conn *c = user;
	struct rte_mbuf *m;

	if (unlikely(chim_outbox_full(&l->out)))
		return -ENOBUFS;
	m = chim_unit_build(l->w, out, c->eth, c->eth_len, &l->shinfo);
	if (unlikely(!m))
		return -ENOBUFS;
	if (unlikely(c->tap != NULL))
		chim_tap_put(c->tap, m, true, 0);
	chim_outbox_put(&l->out, m, c->port);
	return 0;
}

static void on_wake(void *ctx, void *user)
{
	struct chim_lane *l = ctx;
	const struct chim_conn *c = user;

	chim_waker_wake(&l->waker, c->event_fd);
}

static void on_want_upload(void *ctx, void *user, enum chim_upload reason)
{
	struct chim_conn *c = user;

	atomic_store_explicit(&c->wish, reason, memory_order_relaxed);
	chim_lane_say(c, CHIM_SAY_WISH);
}

/* Why, its page says. */
static void on_closed(void *ctx, void *user, int error)
{
	struct chim_conn *c = user;

	chim_lane_say(c, CHIM_SAY_CLOSED);
}

static const struct chim_engine_ops ops = {
	.send = on_send,
	.wake = on_wake,
	.want_upload = on_want_upload,
	.closed = on_closed,
};

struct chim_lane *chim_lane_new(const struct chim_lane_conf *conf, struct err *e)
{
	struct chim_engine_conf engine = {
		.max_conns = conf->max_conns, .ops = &ops, .tso = conf->tso};
	struct chim_lane *l = calloc(1, sizeof(*l));

	if (!l)
		goto fail;
	l->conf = *conf;
	l->shinfo.free_cb = never_freed;
	rte_mbuf_ext_refcnt_set(&l->shinfo, 1);
	l->bell_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->bell_fd < 0)
		goto free_lane;
	engine.ctx = l;
	l->engine = chim_engine_new(&engine);
	if (l->engine) {
		chim_waker_init(&l->waker);
		return l;
	}
	close(l->bell_fd);

free_lane:
	free(l);
fail:
	err_set(e, -ENOMEM, "no memory for %u offloaded connections on worker %u", conf->max_conns,
		conf->worker);
	return NULL;
}

void chim_lane_free(struct chim_lane *l)
{
	if (!l)
		return;
	chim_engine_free(l->engine);
	chim_waker_fini(&l->waker);
	close(l->bell_fd);
	free(l);
}

bool chim_lane_ask(struct chim_conn *c, uint32_t asks)
{
	return chim_mail_post(&c->lane->intake, &c->ask, asks);
}

void chim_lane_expect(struct chim_lane *l, bool soon)
{
	if (soon)
		atomic_fetch_add_explicit(&l->expected, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&l->expected, 1, memory_order_relaxed);
}

int chim_lane_watch(struct chim_lane *l, int fd, struct err *e)
{
	/* Each write is told once, so the count need not be read: the application could have taken
	 * it away first, and O_NONBLOCK, which belongs to both. */
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.fd = fd};

	if (epoll_ctl(l->bell_fd, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	return err_set(e, -errno, "cannot watch an application's bell: %s", strerror(errno));
}

void chim_lane_unwatch(struct chim_lane *l, int fd)
{
	epoll_ctl(l->bell_fd, EPOLL_CTL_DEL, fd, NULL);
}

uint32_t chim_lane_conns(const struct chim_lane *l)
{
	return atomic_load_explicit(&l->conns, memory_order_relaxed);
}

const struct chim_engine_stats *chim_lane_stats(const struct chim_lane *l)
{
	return chim_engine_stats(l->engine);
}

static const struct chim_clients *clients_of(const struct chim_lane *l)
{
	return atomic_load_explicit(l->conf.clients, memory_order_acquire);
}

uint32_t chim_lane_poll(struct chim_lane *l, struct pkt_worker *w, void *pipe, uint64_t now)
{
	l->w = w;
	l->pipe = pipe;
	l->work = atomic_load_explicit(&l->expected, memory_order_relaxed);
	chim_lane_take_mail(l, now);
	l->work += chim_bells_listen(clients_of(l), l, l->conf.worker, l->engine, now);
	if (unlikely(l->frozen != NULL))
		chim_lane_dump_frozen(l, now);
	l->work += chim_engine_run(l->engine, now);
	l->work += chim_outbox_send(&l->out, pipe, l->conf.inject);
	return l->work;
}

int chim_lane_sleep(struct chim_lane *l, int *fds, int max, uint64_t *until)
{
	uint64_t next = chim_engine_next(l->engine);

	if (l->frozen)
		*until = 0;
	else if (next < *until)
		*until = next;
	if (max < 1)
		return -1;
	chim_bells_sleep(clients_of(l), l->conf.worker, 1);
	fds[0] = l->bell_fd;
	return 1;
}

void chim_lane_wake(struct chim_lane *l)
{
	struct epoll_event ev[64];

	chim_bells_sleep(clients_of(l), l->conf.worker, 0);
	/* What is left wakes it once more than it had to. */
	(void)!epoll_wait(l->bell_fd, ev, 64, 0);
}

void chim_lane_take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m)
{
	struct chim_lane *l = ctx;
	struct chim_conn *c = user;
	enum chim_upload why;
	struct chim_unit u;

	l->w = w;
	c->peer_port = m->port;
	c->peer_vlan = m->vlan_tci;
	if (unlikely(c->tap != NULL)) /* with the tag that what it sends has */
		chim_tap_put(c->tap, m, false, c->eth_len > 14 ? m->vlan_tci : 0);
	if (unlikely(c->tcp == NULL))
		goto free;
	if (likely(chim_unit_parse(m, &u) == 0)) {
		chim_engine_input(l->engine, c->tcp, &u.seg, clock_now_ns());
		goto free;
	}
	why = chim_odd_take(l->engine, c, m, clock_now_ns());
	if (why != CHIM_UPLOAD_NONE)
		on_want_upload(l, c, why);

free:
	rte_pktmbuf_free(m);
}
