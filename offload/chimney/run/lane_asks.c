/* SPDX-License-Identifier: BSD-3-Clause */
/* What main asks of a lane: a connection is started, stopped, frozen for its dump, asked about. */
#include "offload/chimney/run/lane_own.h"

#include "offload/chimney/run/unit.h"

#include <errno.h>
#include <string.h>

enum {
	/* How long an application may go on copying before its connection's upload is given up:
	 * longer than a copy of a whole ring takes, and than a thread waits for its processor. */
	BUSY_NS = 20000000,
};

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
		chim_lane_say(c, CHIM_SAY_FAILED);
		return;
	}
	atomic_store_explicit(c->slot, c, memory_order_release);
	atomic_fetch_add_explicit(&l->conns, 1, memory_order_relaxed);
	chim_lane_say(c, CHIM_SAY_STARTED);
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
	chim_lane_say(c, CHIM_SAY_STOPPED);
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
	chim_lane_say(c, CHIM_SAY_UPDATED);
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
		chim_lane_say(c, CHIM_SAY_INFO);
	}
	if (asks & CHIM_ASK_QUOTES) {
		c->quotes = c->tcp && chim_engine_quotes(c->tcp, c->quoted_seq);
		chim_lane_say(c, CHIM_SAY_QUOTED);
	}
	if (asks & CHIM_ASK_TAP) {
		c->tap = c->want_tap;
		chim_lane_say(c, CHIM_SAY_TAPPED);
	}
	if (asks & CHIM_ASK_STOP)
		stop(l, c);
}

void chim_lane_take_mail(struct chim_lane *l, uint64_t now)
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

void chim_lane_dump_frozen(struct chim_lane *l, uint64_t now)
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
		chim_lane_say(c, c->error == 0 ? CHIM_SAY_DUMPED : CHIM_SAY_STUCK);
		l->work++;
	}
}
