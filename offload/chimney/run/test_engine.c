/* SPDX-License-Identifier: BSD-3-Clause */
/* A stand-in for the engine and for packets, which says whatever it likes of connections. Its
 * memory is the worker's alone, and seen by sanitizers. */
#include "offload/chimney/run/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIVE_MAX = 64 };

struct chim_tcp {
	void *user;
	bool frozen, closing, closed, lied;
	uint32_t rung, rounds;
};

struct chim_engine {
	struct chim_engine_conf conf;
	struct chim_tcp *live[LIVE_MAX];
	struct chim_engine_stats stats;
	uint32_t n, seed;
};

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

struct chim_engine *chim_engine_new(const struct chim_engine_conf *conf)
{
	struct chim_engine *e = calloc(1, sizeof(*e));

	e->conf = *conf;
	e->seed = 3;
	return e;
}

void chim_engine_free(struct chim_engine *e)
{
	if (e->n)
		fail("connections are left");
	free(e);
}

struct chim_tcp *chim_engine_start(struct chim_engine *e, const struct chim_tcp_state *s,
				   struct chim_shm *shm, void *user, uint64_t now)
{
	struct chim_tcp *c;

	if (next(&e->seed) % 16 == 0) {
		errno = ENOSPC;
		return NULL;
	}
	if (s->snd_una != 77)
		fail("it starts from another state");
	c = calloc(1, sizeof(*c));
	c->user = user;
	e->live[e->n++] = c;
	e->stats.started++;
	return c;
}

void chim_engine_stop(struct chim_engine *e, struct chim_tcp *c)
{
	uint32_t i = 0;

	while (e->live[i] != c)
		i++;
	e->live[i] = e->live[--e->n];
	free(c);
	e->stats.stopped++;
}

void chim_engine_freeze(struct chim_engine *e, struct chim_tcp *c, uint64_t now)
{
	c->frozen = true;
}

void chim_engine_thaw(struct chim_engine *e, struct chim_tcp *c, uint64_t now)
{
	c->frozen = false;
}

int chim_engine_dump(struct chim_engine *e, struct chim_tcp *c, struct chim_tcp_state *s)
{
	static const int codes[] = {0, 0, -EPROTO, -ENOTCONN};
	int code;

	if (!c->frozen)
		fail("it is dumped while it runs");
	s->snd_una = 78;
	code = codes[next(&e->seed) % 4];
	c->lied |= code == -EPROTO; /* then it is reset */
	return code;
}

void chim_engine_input(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		       uint64_t now)
{
}

bool chim_engine_odd(struct chim_engine *e, struct chim_tcp *c, enum chim_upload why, uint32_t seq)
{
	return true;
}

void chim_engine_rung(struct chim_engine *e, struct chim_tcp *c, uint64_t now)
{
	c->rung++;
}

uint32_t chim_engine_run(struct chim_engine *e, uint64_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n; i++) {
		struct chim_tcp *c = e->live[i];

		if (c->rung && next(&e->seed) % 8 == 0)
			e->conf.ops->wake(e->conf.ctx, c->user);
		n += c->rung;
		c->rung = 0;
		if (next(&e->seed) % 512 == 0)
			e->conf.ops->want_upload(e->conf.ctx, c->user, CHIM_UPLOAD_TIMEOUT);
		if (!c->closed && (c->lied || (!c->frozen && (next(&e->seed) % 512 == 0 ||
							      (c->closing && c->rounds++ > 20))))) {
			c->closed = true;
			e->conf.ops->closed(e->conf.ctx, c->user, ECONNRESET);
		}
	}
	return n;
}

uint64_t chim_engine_next(const struct chim_engine *e)
{
	return UINT64_MAX;
}

void chim_engine_close(struct chim_engine *e, struct chim_tcp *c, bool abort, uint32_t linger_ms,
		       uint64_t now)
{
	c->closing = true;
}

void chim_engine_set_mtu(struct chim_engine *e, struct chim_tcp *c, uint16_t mtu, uint64_t now)
{
}

bool chim_engine_quotes(const struct chim_tcp *c, uint32_t seq)
{
	return c->rung == seq;
}

void chim_engine_info(const struct chim_engine *e, const struct chim_tcp *c,
		      struct chim_tcp_info *out, uint64_t now)
{
	out->phase = c->closing ? "LAST-ACK" : "ESTAB";
	out->segs_in++;
}

const struct chim_engine_stats *chim_engine_stats(const struct chim_engine *e)
{
	return &e->stats;
}

int chim_unit_parse(struct rte_mbuf *m, struct chim_unit *u)
{
	return -EINVAL;
}

struct rte_mbuf *chim_unit_build(struct pkt_worker *w, const struct chim_out *out,
				 const uint8_t *eth, uint8_t eth_len,
				 struct rte_mbuf_ext_shared_info *shinfo)
{
	return NULL;
}

void chim_unit_mark(struct rte_mbuf *m)
{
}
