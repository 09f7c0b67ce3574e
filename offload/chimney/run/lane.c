/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/lane.h"

#include "base/clock.h"
#include "offload/chimney/run/bells.h"
#include "offload/chimney/run/odd.h"
#include "offload/chimney/run/outbox.h"
#include "offload/chimney/run/tap.h"
#include "offload/chimney/run/unit.h"
#include "offload/chimney/run/wake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	/* How long an application may go on copying before its connection's upload is given up:
	 * longer than a copy of a whole ring takes, and than a thread waits for its processor. */
	BUSY_NS = 20000000,
};

struct chim_lane {
	struct chim_lane_conf conf;
	struct chim_engine *engine;
	struct chim_mailbox intake;
	struct rte_mbuf_ext_shared_info shinfo; /* of payload in rings: they outlive every burst */
	struct pkt_worker *w;			/* during a round, or a burst */
	struct chim_conn *frozen;		/* those whose dump is still due */
	int bell_fd;				/* epoll over the clients' eventfds */
	struct chim_waker waker;
	struct chim_outbox out;
	_Atomic uint32_t conns;
	_Atomic uint32_t expected;
	uint32_t work; /* of this round */
	void *pipe;    /* the worker's */
};

static void never_freed(void *addr, void *opaque)
{
}

static void say(struct chim_conn *c, uint32_t what)
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
	say(c, CHIM_SAY_WISH);
}

/* Why, its page says. */
static void on_closed(void *ctx, void *user, int error)
{
	struct chim_conn *c = user;

	say(c, CHIM_SAY_CLOSED);
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

static void take_eth(struct chim_conn *c)
{
	memcpy(c->eth, c->want_eth, sizeof(c->eth));
	c->eth_len = c->want_eth_len;
}

static void start(struct chim_lane *l, struct chim_conn *c, uint64_t now)
{
	take_eth(c);
	c->tcp = chim_engine_start(l->engine, &c->state, chim_mem_shm(&c->mem), c, now);
	if (!c->tcp) {
		c->error = -errno;
		say(c, CHIM_SAY_FAILED);
		return;
	}
	atomic_store_explicit(c->slot, c, memory_order_release);
	atomic_fetch_add_explicit(&l->conns, 1, memory_order_relaxed);
	say(c, CHIM_SAY_STARTED);
}

static void unlist_frozen(struct chim_lane *l, const struct chim_conn *c)
{
	for (struct chim_conn **at = &l->frozen; *at; at = &(*at)->next_frozen) {
		if (*at == c) {
			*at = c->next_frozen;
			return;
		}
	}
}

/* The number may be another one's from now on. */
static void leave_slot(struct chim_conn *c)
{
	struct chim_conn *mine = c;

	atomic_compare_exchange_strong(c->slot, &mine, NULL);
}

static void stop(struct chim_lane *l, struct chim_conn *c)
{
	if (c->tcp) {
		if (c->dumping)
			unlist_frozen(l, c);
		chim_engine_stop(l->engine, c->tcp);
		c->tcp = NULL;
		leave_slot(c);
		atomic_fetch_sub_explicit(&l->conns, 1, memory_order_relaxed);
	}
	say(c, CHIM_SAY_STOPPED);
}

static void freeze(struct chim_lane *l, struct chim_conn *c, uint64_t now)
{
	if (!c->tcp || c->dumping)
		return;
	chim_engine_freeze(l->engine, c->tcp, now);
	c->dumping = true;
	c->frozen_until = now + BUSY_NS;
	c->next_frozen = l->frozen;
	l->frozen = c;
}

static void update(struct chim_lane *l, struct chim_conn *c, uint64_t now)
{
	take_eth(c);
	if (c->tcp && c->want_mtu)
		chim_engine_set_mtu(l->engine, c->tcp, c->want_mtu, now);
	say(c, CHIM_SAY_UPDATED);
}

/* What the kernel is to hear, though no peer says it now. */
static void deliver(struct chim_lane *l, struct chim_conn *c)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(l->w->data_pool);
	uint8_t *at;

	if (!m)
		return; /* as lost on the way */
	at = (uint8_t *)rte_pktmbuf_append(m, c->want_frame_len);
	memcpy(at, c->want_frame, c->want_frame_len);
	m->port = c->peer_port;
	m->vlan_tci = c->peer_vlan;
	chim_unit_mark(m);
	l->conf.forward(l->pipe, c->bridge, &m, 1);
}

static void carry_out(struct chim_lane *l, struct chim_conn *c, uint32_t asks, uint64_t now)
{
	if (asks & CHIM_ASK_START)
		start(l, c, now);
	if (asks & CHIM_ASK_UPDATE)
		update(l, c, now);
	if (asks & CHIM_ASK_THAW && c->tcp)
		chim_engine_thaw(l->engine, c->tcp, now);
	if (asks & CHIM_ASK_FREEZE)
		freeze(l, c, now);
	if (asks & CHIM_ASK_CLOSE && c->tcp) {
		leave_slot(c);
		chim_engine_close(l->engine, c->tcp, c->want_abort, c->want_linger_ms, now);
	}
	if (asks & CHIM_ASK_DELIVER)
		deliver(l, c);
	if (asks & CHIM_ASK_INFO) {
		if (c->tcp)
			chim_engine_info(l->engine, c->tcp, &c->info, now);
		say(c, CHIM_SAY_INFO);
	}
	if (asks & CHIM_ASK_QUOTES) {
		c->quotes = c->tcp && chim_engine_quotes(c->tcp, c->quoted_seq);
		say(c, CHIM_SAY_QUOTED);
	}
	if (asks & CHIM_ASK_TAP) {
		c->tap = c->want_tap;
		say(c, CHIM_SAY_TAPPED);
	}
	if (asks & CHIM_ASK_STOP)
		stop(l, c);
}

static void take_mail(struct chim_lane *l, uint64_t now)
{
	struct chim_mail *m = chim_mail_take(&l->intake), *next;

	for (; m; m = next) {
		struct chim_conn *c =
			(struct chim_conn *)((char *)m - offsetof(struct chim_conn, ask));

		next = m->next;
		carry_out(l, c, chim_mail_open(m), now);
		l->work++;
	}
}

/* Who is frozen is dumped as soon as its application does not copy. */
static void dump_frozen(struct chim_lane *l, uint64_t now)
{
	struct chim_conn **at = &l->frozen, *c;

	while ((c = *at) != NULL) {
		const struct chim_shm *shm = chim_mem_shm(&c->mem);
		bool busy = atomic_load(&shm->snd_busy) != 0 || atomic_load(&shm->rcv_busy) != 0;

		if (busy && now < c->frozen_until) {
			at = &c->next_frozen;
			continue;
		}
		*at = c->next_frozen;
		c->dumping = false;
		c->error = busy ? -EBUSY : chim_engine_dump(l->engine, c->tcp, &c->state);
		say(c, c->error == 0 ? CHIM_SAY_DUMPED : CHIM_SAY_STUCK);
		l->work++;
	}
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
	take_mail(l, now);
	l->work += chim_bells_listen(clients_of(l), l, l->conf.worker, l->engine, now);
	if (unlikely(l->frozen != NULL))
		dump_frozen(l, now);
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
