/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/impair.h"

#include "base/clock.h"
#include "packet/tail.h"
#include "pipelines/pipe.h"
#include "vswitch/l2/fwd.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 65536 };

/* A packet that waits. */
struct late {
	uint64_t due_ns;
	uint64_t order; /* of those that are due together */
	struct rte_mbuf *m;
	uint16_t port;
	uint32_t serial;
};

/* What a worker remembers of a port. */
struct lane {
	struct impair conf; /* what the rest belongs to */
	uint32_t serial, waiting;
	uint64_t random;
	uint64_t free_ns; /* when the last packet has left by its rate */
	uint64_t last_ns; /* when the last packet in order is due */
};

struct impair_queue {
	uint32_t n;
	uint64_t order;
	struct lane lanes[FWD_PORTS_MAX];
	struct late heap[QUEUE_MAX]; /* the first is the next due; i is before 2i+1 and 2i+2 */
};

/* What chance says of one packet. */
struct fate {
	bool lost, doubled, early;
	uint64_t delay_ns;
};

struct impair_queue *impair_queue_new(void)
{
	return calloc(1, sizeof(struct impair_queue));
}

void impair_queue_free(struct impair_queue *q)
{
	for (uint32_t i = 0; q && i < q->n; i++)
		rte_pktmbuf_free(q->heap[i].m);
	free(q);
}

static bool before(const struct late *a, const struct late *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void push(struct impair_queue *q, struct late item)
{
	uint32_t i = q->n++, parent;

	item.order = q->order++;
	for (; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!before(&item, &q->heap[parent]))
			break;
		q->heap[i] = q->heap[parent];
	}
	q->heap[i] = item;
}

static struct late pop(struct impair_queue *q)
{
	struct late first = q->heap[0], last = q->heap[--q->n];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < q->n) {
		if (child + 1 < q->n && before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (!before(&q->heap[child], &last))
			break;
		q->heap[i] = q->heap[child];
		i = child;
	}
	q->heap[i] = last;
	return first;
}

/* SplitMix64: each number is a mix of a counter's bits, so any seed will do. */
static uint64_t draw(struct lane *l)
{
	uint64_t z = l->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static bool chance(struct lane *l, uint32_t of)
{
	uint32_t n = (uint32_t)(draw(l) >> 32);

	return n < of || of == UINT32_MAX;
}

/* The lane as this configuration wants it; it begins anew with another one. */
static struct lane *lane_of(struct pkt_worker *w, uint16_t port, uint64_t now_ns)
{
	const struct fwd_port *p = &w->fwd->ports[port];
	struct lane *l = &w->impair->lanes[port];

	if (likely(l->serial == p->serial && memcmp(&l->conf, &p->impair, sizeof(l->conf)) == 0))
		return l;
	/* What waits of the port that had the number before is freed when it is due. */
	*l = (struct lane){
		.serial = p->serial,
		.waiting = l->serial == p->serial ? l->waiting : 0,
		.last_ns = l->serial == p->serial ? l->last_ns : 0,
		.random = (p->impair.seed ? p->impair.seed : now_ns) + w->id,
	};
	memcpy(&l->conf, &p->impair, sizeof(l->conf));
	return l;
}

static struct fate fate_of(struct lane *l)
{
	const struct impair *c = &l->conf;
	struct fate f = {
		.lost = chance(l, c->loss),
		.doubled = chance(l, c->duplicate),
		.early = chance(l, c->reorder),
	};
	uint64_t r = draw(l);

	f.delay_ns = c->delay_ns;
	if (c->jitter_ns)
		f.delay_ns += r % (2 * c->jitter_ns + 1) - c->jitter_ns;
	return f;
}

/* When the packet leaves. */
static uint64_t due(struct lane *l, const struct fate *f, uint32_t bytes, uint64_t now_ns)
{
	uint64_t at = now_ns;

	if (l->conf.rate_bps) {
		at = RTE_MAX(at, l->free_ns) +
		     (uint64_t)bytes * 8 * UINT64_C(1000000000) / l->conf.rate_bps;
		l->free_ns = at;
	}
	if (f->early)
		return at;
	l->last_ns = RTE_MAX(l->last_ns, at + f->delay_ns);
	return l->last_ns;
}

/* Takes m. true: it leaves now, and *m is what does. */
static bool send_later(struct pkt_worker *w, uint16_t port, struct lane *l, const struct fate *f,
		       struct rte_mbuf **m, uint64_t now_ns)
{
	struct impair_queue *q = w->impair;
	struct rte_mbuf *keep;
	uint64_t at;

	if (l->waiting >= l->conf.limit || q->n == QUEUE_MAX) {
		pkt_drop(w, *m, port, PKT_DROP_IMPAIRED);
		return false;
	}
	at = due(l, f, (*m)->pkt_len, now_ns);
	/* One before it may be due and not yet sent. */
	if (at <= now_ns && (f->early || l->waiting == 0))
		return true;
	keep = pkt_keep(w, *m);
	if (unlikely(!keep)) {
		pkt_drop(w, *m, port, PKT_DROP_NO_MBUF);
		return false;
	}
	l->waiting++;
	push(q, (struct late){.due_ns = at, .m = keep, .port = port, .serial = l->serial});
	return false;
}

/* The burst as it leaves now, beside the one that is looked at. */
struct leaving {
	struct rte_mbuf *pkts[PKT_BURST_MAX];
	uint16_t n;
};

/* A copy of m goes before it; `room`: places for copies in what leaves now. */
static void twin(struct pkt_burst *b, struct lane *l, const struct fate *f, struct rte_mbuf *m,
		 uint64_t now_ns, struct leaving *now, uint16_t room)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(m, b->w->data_pool, 0, UINT32_MAX);

	if (!copy || !send_later(b->w, b->port, l, f, &copy, now_ns))
		return;
	if (now->n < room)
		now->pkts[now->n++] = copy;
	else
		pkt_drop(b->w, copy, b->port, PKT_DROP_IMPAIRED);
}

void impair_burst_at(struct pkt_burst *b, uint64_t now_ns)
{
	struct lane *l = lane_of(b->w, b->port, now_ns);
	struct leaving now;

	now.n = 0;
	for (uint16_t i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->pkts[i];
		struct fate f = fate_of(l);

		if (unlikely(pkt_tail_settle(m, b->w->header_pool) != 0)) {
			pkt_drop(b->w, m, b->port, PKT_DROP_NO_MBUF);
			continue;
		}
		if (f.lost) {
			pkt_drop(b->w, m, b->port, PKT_DROP_IMPAIRED);
			continue;
		}
		if (f.doubled)
			twin(b, l, &f, m, now_ns, &now, PKT_BURST_MAX - (b->n - i));
		if (send_later(b->w, b->port, l, &f, &m, now_ns))
			now.pkts[now.n++] = m;
	}
	for (uint16_t i = 0; i < now.n; i++)
		b->pkts[i] = now.pkts[i];
	b->n = now.n;
}

void impair_burst(struct pkt_burst *b)
{
	impair_burst_at(b, clock_now_ns());
}

/* Takes the next that is due. false: it was of a port that is gone. */
static bool leave(struct impair_queue *q, const struct fwd_config *fwd, struct rte_mbuf **m)
{
	struct late first = pop(q);
	struct lane *l = &q->lanes[first.port];

	if (first.serial == l->serial)
		l->waiting--;
	*m = first.m;
	if (likely(fwd->ports[first.port].serial == first.serial))
		return true;
	rte_pktmbuf_free(first.m);
	return false;
}

static uint32_t poll(void *ctx, struct pipe *pipe, uint64_t now_ns)
{
	const struct fwd_config *fwd = pipe->burst.w->fwd;
	struct impair_queue *q = ctx;
	uint32_t sent = 0;

	while (q->n > 0 && q->heap[0].due_ns <= now_ns) {
		struct rte_mbuf *pkts[PKT_RX_MAX];
		uint16_t port = q->heap[0].port, n = 0;

		while (q->n > 0 && q->heap[0].due_ns <= now_ns && q->heap[0].port == port &&
		       n < PKT_RX_MAX)
			n += leave(q, fwd, &pkts[n]);
		if (n > 0)
			pipe_send(pipe, port, pkts, n);
		sent += n;
	}
	return sent;
}

static int sleep_on(void *ctx, int *fds, int max, uint64_t *until_ns)
{
	const struct impair_queue *q = ctx;

	if (q->n > 0)
		*until_ns = RTE_MIN(*until_ns, q->heap[0].due_ns);
	return 0;
}

struct worker_poller impair_poller(struct impair_queue *q)
{
	return (struct worker_poller){.poll = poll, .sleep = sleep_on, .ctx = q};
}
