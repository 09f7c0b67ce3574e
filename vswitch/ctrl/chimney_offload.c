/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection is taken out of the kernel: looked at, held, taken, closed, started, stolen. */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_mem.h"
#include "vswitch/ctrl/chimney_shut.h"
#include "vswitch/ctrl/chimney_way.h"

#include "base/clock.h"
#include "base/log.h"
#include "offload/chimney/slow/repair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RETRY_MS = 20,	     /* what may be otherwise in a moment */
	HELD_PACKETS = 2048, /* while it changes hands, which takes microseconds */
	HELD_BYTES = 8 << 20,
};

static void refuse(struct chim_app *a, uint64_t cookie, const struct chim_verdict *v)
{
	const struct chim_msg m = {
		.type = CHIM_MSG_REFUSED,
		.cookie = cookie,
		.reason = (int32_t)v->why,
		.retry_ms = v->retry_ms,
		.retry_bytes = v->retry_bytes,
	};

	a->chimney->counts.refused[v->why]++;
	chimney_app_tell(a, &m, NULL, 0);
}

/* The address was just asked for, the segment is sent again, the urgent byte is read, ... */
static bool is_passing(enum chim_refusal why)
{
	switch (why) {
	case CHIM_REFUSE_NO_NEIGH:
	case CHIM_REFUSE_URGENT:
	case CHIM_REFUSE_QUEUES:
	case CHIM_REFUSE_OUT_OF_ORDER:
	case CHIM_REFUSE_LIMIT:
	case CHIM_REFUSE_BUSY:
	case CHIM_REFUSE_NO_MEMORY:
	case CHIM_REFUSE_RACE:
	case CHIM_REFUSE_STOPPING:
		return true;
	default:
		return false;
	}
}

static struct chim_verdict verdict(enum chim_refusal why)
{
	return (struct chim_verdict){.why = why, .retry_ms = is_passing(why) ? RETRY_MS : 0};
}

static void refuse_why(struct chim_app *a, uint64_t cookie, enum chim_refusal why)
{
	const struct chim_verdict v = verdict(why);

	refuse(a, cookie, &v);
}

static int free_number(const struct chim_app *a)
{
	for (int i = 0; i < CHIM_APP_CONNS; i++)
		if (!a->links[i] && !atomic_load(&a->client.slots[i]))
			return i;
	return -1;
}

/* The lane with the fewest connections. */
static uint16_t choose_worker(const struct chimney *ch)
{
	uint16_t best = 0;

	for (uint16_t i = 1; i < ch->ctrl->n_workers; i++)
		if (chim_lane_conns(ch->lanes[i]) < chim_lane_conns(ch->lanes[best]))
			best = i;
	return best;
}

void chimney_put_eth(struct chim_link *l, const struct chim_neigh *mac)
{
	struct chim_conn *c = &l->conn;
	uint8_t *at = c->want_eth;

	memcpy(at, mac->remote_mac, 6);
	memcpy(at + 6, mac->local_mac, 6);
	at += 12;
	if (l->way.tag) {
		*at++ = 0x81;
		*at++ = 0;
		*at++ = (uint8_t)(l->way.tag >> 8);
		*at++ = (uint8_t)l->way.tag;
	}
	*at++ = l->facts.tuple.v6 ? 0x86 : 0x08;
	*at++ = l->facts.tuple.v6 ? 0xdd : 0x00;
	c->want_eth_len = (uint8_t)(at - c->want_eth);
}

static int hold(struct chim_link *l, const struct chim_tuple *t)
{
	static const struct flow_limits limits = {HELD_PACKETS, HELD_BYTES};
	struct flow_key key = {
		.sport = t->remote_port,
		.dport = t->local_port,
		.bridge = l->bridge,
		.vlan = l->way.vlan,
		.v6 = t->v6,
	};

	memcpy(key.src, t->remote, sizeof(key.src));
	memcpy(key.dst, t->local, sizeof(key.dst));
	memcpy(key.dmac, l->way.found.neigh.local_mac, sizeof(key.dmac));
	return flow_hold(l->chimney->flows, &key, l->port, &limits, &l->flow);
}

static enum chim_refusal refusal_of(int code)
{
	switch (code) {
	case -EAGAIN:
		return CHIM_REFUSE_RACE;
	case -E2BIG:
		return CHIM_REFUSE_QUEUES;
	case -ENOTCONN:
		return CHIM_REFUSE_NOT_ESTABLISHED;
	case -EPERM:
		return CHIM_REFUSE_NO_REPAIR;
	case -EEXIST:
		return CHIM_REFUSE_BUSY;
	case -ENOSPC:
		return CHIM_REFUSE_LIMIT;
	case -EOPNOTSUPP:
		return CHIM_REFUSE_NOT_TCP;
	default:
		return CHIM_REFUSE_NO_MEMORY;
	}
}

/* From the hold on to where the kernel has forgotten it. 0, or a negative errno and the kernel has
 * it as before. The tree's cached variables are newer than the socket's. */
static int take(struct chim_link *l, struct err *e)
{
	struct chim_tcp_state *s = &l->conn.state;
	struct chim_shm *shm;
	int ret;

	l->held_ns = clock_now_ns();
	ret = hold(l, &l->facts.tuple);

	if (ret != 0)
		return err_set(e, ret, "its packets cannot be held: %s", strerror(-ret));
	ret = chimney_grace(l->chimney);
	if (ret != 0)
		return err_set(e, -EAGAIN, "a worker did not take notice in time");
	ret = chim_repair_take(l->sock, s, chimney_snd_ring(l), l->snd_size, chimney_rcv_ring(l),
			       l->rcv_size, e);
	if (ret != 0)
		return ret;
	s->neigh = l->node->state.neigh;
	s->path.ifindex = l->node->state.path.ifindex;
	if (s->path.mtu == 0 || l->node->state.path.mtu < s->path.mtu)
		s->path.mtu = l->node->state.path.mtu;
	ret = chimney_mem_fit(l, e);
	if (ret != 0) {
		struct err ignored;

		chim_repair_thaw(l->sock, s, &ignored);
		return ret;
	}
	ret = chim_repair_close(l->sock, s, e);
	if (ret != 0)
		return ret;
	l->taken = *s;
	l->node->state = *s;
	shm = chim_mem_shm(&l->conn.mem);
	atomic_store(&shm->snd_head, s->snd_len);
	atomic_store(&shm->rcv_head, s->rcv_len);
	return 0;
}

/* It is the kernel's, and nothing of it is left here. */
static void undo(struct chim_link *l)
{
	if (l->flow) {
		l->uploaded = true; /* what is held is the kernel's */
		chimney_end(l);
	} else {
		chimney_stopped(l);
	}
}

static struct chim_verdict look(struct chim_link *l, const struct chim_msg *m)
{
	struct ctrl *c = l->chimney->ctrl;
	enum chim_refusal why;
	struct err e = {0};

	l->space = chimney_space_get(l->chimney, l->sock, &e);
	if (!l->space) {
		log_debug("chimney: no connection can be looked at: %s", e.text);
		/* What is no socket has no namespace either. */
		why = chim_refuse(-1, l->sock, &l->facts, &e);
		return verdict(why == CHIM_REFUSE_NONE ? CHIM_REFUSE_NO_REPAIR : why);
	}
	why = chim_refuse(l->space->diag, l->sock, &l->facts, &e);
	if (why == CHIM_REFUSE_NONE)
		why = chimney_way(c, l->space->rtnl, l->sock, &l->facts.tuple, &l->way);
	if (why != CHIM_REFUSE_NONE)
		return verdict(why);
	l->port = l->way.port;
	l->bridge = c->ports[l->port].bridge;
	l->facts.age_ms = m->retry_ms;
	return chimney_policy(l);
}

/* Ends by itself where that is not to be. */
static void offer(struct chim_link *l, const struct chim_msg *m)
{
	struct chim_verdict v = look(l, m);

	if (v.why != CHIM_REFUSE_NONE) {
		refuse(l->app, m->cookie, &v);
		undo(l);
		return;
	}
	if (chimney_plant(l) != 0)
		chimney_refused(l, CHIM_REFUSE_NO_MEMORY);
}

void chimney_offer(struct chim_app *a, const struct chim_msg *m, int sock)
{
	struct chimney *ch = a->chimney;
	struct chim_link *l = calloc(1, sizeof(*l));
	int number = free_number(a);
	uint16_t worker;

	if (!chimney_room_for_link(ch))
		chimney_evict(ch);
	if (!l || number < 0 || !chimney_room_for_link(ch) || ch->stopping) {
		refuse_why(a, m->cookie, ch->stopping ? CHIM_REFUSE_STOPPING : CHIM_REFUSE_LIMIT);
		chimney_shut(sock);
		free(l);
		return;
	}
	worker = choose_worker(ch);
	*l = (struct chim_link){
		.chimney = ch,
		.app = a,
		.sock = sock,
		.cookie = m->cookie,
		.number = (uint32_t)number,
		.phase = CHIM_STARTING,
		.since_ns = clock_now_ns(),
		.worker = worker,
		.conn = {.mem = {.fd = -1}, .event_fd = -1, .number = (uint32_t)number},
	};
	l->conn.lane = ch->lanes[l->worker];
	l->conn.slot = &a->client.slots[number];
	a->refs++;
	a->links[number] = l;
	ch->n_links++;
	TAILQ_INSERT_TAIL(&ch->links, l, list);
	/* It wakes up while main asks the kernel. */
	chim_lane_expect(l->conn.lane, true);
	worker_wake(&ch->ctrl->workers[l->worker]);
	offer(l, m);
	chimney_await(ch);
	chim_lane_expect(ch->lanes[worker], false);
}

void chimney_refused(struct chim_link *l, enum chim_refusal why)
{
	refuse_why(l->app, l->cookie, why);
	undo(l);
}

enum chim_refusal chimney_take(struct chim_link *l)
{
	struct ctrl *c = l->chimney->ctrl;
	struct err e = {0};
	int ret;

	ret = chimney_mem_make(l, &e);
	if (ret == 0)
		ret = take(l, &e);
	if (ret != 0) {
		log_debug("chimney: %s (process %d): not offloaded: %s", l->app->name,
			  (int)l->app->pid, e.text);
		return refusal_of(ret);
	}
	chimney_put_eth(l, &l->conn.state.neigh);
	l->conn.port = l->port;
	l->conn.bridge = l->bridge;
	l->conn.peer_vlan = l->way.vlan;
	l->conn.peer_port = fdb_lookup(c->bridges[l->bridge].fdb,
				       fdb_key(l->conn.state.neigh.remote_mac, l->way.vlan));
	chimney_ask(l, CHIM_ASK_START);
	return CHIM_REFUSE_NONE;
}

void chimney_steal(struct chim_link *l)
{
	const struct flow_sink sink = {.take = chim_lane_take, .ctx = l->conn.lane};

	flow_steal(l->flow, l->worker, &sink, &l->conn);
}

void chimney_started(struct chim_link *l)
{
	chim_tree_initiated(l->chimney->tree, l->node, CHIM_REFUSE_NONE);
}

void chimney_forward(struct chim_link *l)
{
	const struct chim_msg m = {
		.type = CHIM_MSG_ACCEPTED, .conn = l->number, .cookie = l->cookie};
	const int fds[2] = {l->conn.mem.fd, l->conn.event_fd};

	l->chimney->counts.offloads++;
	chimney_steal(l);
	hist_add(&l->chimney->handoffs, clock_now_ns() - l->held_ns);
	if (!l->orphan)
		chimney_app_tell(l->app, &m, fds, 2);
	chim_mem_given(&l->conn.mem);
	chimney_go_on(l);
}

void chimney_not_started(struct chim_link *l)
{
	const struct iovec snd[2] = {{chimney_snd_ring(l), l->taken.snd_len}};
	const struct iovec rcv[2] = {{chimney_rcv_ring(l), l->taken.rcv_len}};
	struct err e = {0};

	if (chim_repair_restore(l->sock, &l->taken, snd, rcv, &e) != 0 &&
	    chimney_may_warn(l->chimney))
		log_warn("chimney: a connection of %s (process %d) is lost: %s", l->app->name,
			 (int)l->app->pid, e.text);
	chim_tree_initiated(l->chimney->tree, l->node,
			    l->conn.error == -EINVAL ? CHIM_REFUSE_RACE : CHIM_REFUSE_LIMIT);
}
