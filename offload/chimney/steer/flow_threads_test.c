/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Three workers find packets of a few flows while main holds, steals, holds again, releases and
 * begins anew. Built with ThreadSanitizer where the compiler has it. What is checked is what holds
 * in whatever order things happen: of the packets that one worker found, each comes out exactly
 * once, by the sink, by the way on or passed, and in the order in which they were found.
 */
#include "offload/chimney/steer/flow.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WORKERS = 3,
	FLOWS = 4,
	PACKETS = 60000, /* each worker finds, of all flows together */
	BATCH = 4,
	FRAME = 64,
};

/* A grace period in its simplest form: each worker passes the number on between two bursts. */
static _Atomic uint64_t epoch = 1;
static _Atomic uint64_t seen_by[WORKERS];
static _Atomic bool stop;
static _Atomic int running = WORKERS;
static _Atomic unsigned int ends;

static struct flow_table *table;
static struct flow_key keys[FLOWS];

struct packet {
	struct rte_mbuf m;
	uint8_t room[RTE_PKTMBUF_HEADROOM + FRAME];
};

struct found {
	uint16_t flow, worker;
	uint32_t number;
};

static struct packet *packets[WORKERS];

/* The last number that came out, of each worker's packets of each flow. It is written by whoever
 * lets packets out, and that changes hands only where the flow does. */
static uint32_t last[FLOWS][WORKERS];
static _Atomic uint32_t out[WORKERS], by_sink, by_way;

static void fail(const char *what, const struct found *p)
{
	fprintf(stderr, "%s: flow %u worker %u number %u after %u\n", what, p->flow, p->worker,
		p->number, last[p->flow][p->worker]);
	abort();
}

static void came_out(const char *how, struct rte_mbuf *m)
{
	struct found p;

	memcpy(&p, rte_pktmbuf_mtod_offset(m, uint8_t *, 54), sizeof(p));
	if (p.number <= last[p.flow][p.worker])
		fail(how, &p);
	last[p.flow][p.worker] = p.number;
	atomic_fetch_add(&out[p.worker], 1);
}

static void take(void *ctx, void *user, struct pkt_worker *w, struct rte_mbuf *m)
{
	atomic_fetch_add(&by_sink, 1);
	came_out("sink", m);
}

static void forward(void *ctx, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	atomic_fetch_add(&by_way, n);
	for (uint16_t i = 0; i < n; i++)
		came_out("way", pkts[i]);
}

static void build(struct packet *p, uint16_t flow, uint16_t worker, uint32_t number)
{
	const struct found f = {.flow = flow, .worker = worker, .number = number};
	struct rte_mbuf *m = &p->m;
	uint8_t *d;

	memset(m, 0, sizeof(*m));
	m->buf_addr = p->room;
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->data_len = FRAME;
	m->pkt_len = FRAME;
	m->nb_segs = 1;
	rte_mbuf_refcnt_set(m, 1);
	d = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(d, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0\x45\0\0\x32\0\0\0\0\x40\6\0\0", 26);
	memcpy(d + 26, "\x0a\0\0\1\x0a\0\0\2\0\0\0\0", 12);
	d[37] = (uint8_t)(1 + flow);
	d[46] = 0x50;
	memcpy(d + 54, &f, sizeof(f));
}

static void burst(struct pkt_worker *w, struct packet *p, uint32_t n)
{
	struct rte_mbuf *pkts[BATCH];
	struct flow *found[BATCH];

	for (uint32_t i = 0; i < n; i++)
		pkts[i] = &p[i].m;
	if (!flow_any(table))
		memset(found, 0, sizeof(found));
	else
		flow_find(table, 0, pkts, (uint16_t)n, found);
	for (uint32_t i = 0; i < n; i++)
		if (!found[i] || !flow_take(found[i], w, &pkts[i]))
			came_out("passed", pkts[i]);
}

static void *work(void *arg)
{
	static struct pkt_counters counters[WORKERS];
	struct pkt_worker w = {.id = (uint16_t)(uintptr_t)arg};
	const struct flow_forward way = {.forward = forward};
	uint32_t next = 0;

	w.counters = &counters[w.id];
	while (!atomic_load(&stop)) {
		atomic_store(&seen_by[w.id], atomic_load(&epoch));
		if (next < PACKETS) {
			burst(&w, &packets[w.id][next], BATCH);
			next += BATCH;
			if (next == PACKETS)
				atomic_fetch_sub(&running, 1);
		}
		flow_poll(table, &w, &way);
		sched_yield();
	}
	return NULL;
}

static void grace(void)
{
	uint64_t now = atomic_fetch_add(&epoch, 1) + 1;

	for (int i = 0; i < WORKERS; i++)
		while (atomic_load(&seen_by[i]) < now)
			sched_yield();
}

static void ended(void *ctx)
{
	atomic_fetch_add(&ends, 1);
}

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* One life of one flow. */
static void live(uint16_t i, uint32_t *seed)
{
	const struct flow_limits limits = {.packets = UINT32_MAX, .bytes = UINT32_MAX};
	const struct flow_sink sink = {.take = take};
	struct flow *f;

	if (flow_hold(table, &keys[i], 0, &limits, &f) != 0)
		return; /* it has not ended yet */
	for (int n = (int)(next(seed) % 3); n >= 0; n--) {
		grace();
		flow_steal(f, (uint16_t)(next(seed) % WORKERS), &sink, NULL);
		if (next(seed) % 2)
			grace();
		flow_hold_again(f);
	}
	grace();
	flow_release(f, ended, NULL);
}

static uint32_t all_out(void)
{
	uint32_t n = 0;

	for (int i = 0; i < WORKERS; i++)
		n += atomic_load(&out[i]);
	return n;
}

int main(void)
{
	uint32_t seed = 7, lives = 0;
	pthread_t threads[WORKERS];

	table = flow_table_new(WORKERS, 64);
	for (uint16_t i = 0; i < FLOWS; i++)
		keys[i] = (struct flow_key){.src = {10, 0, 0, 1},
					    .dst = {10, 0, 0, 2},
					    .sport = 0,
					    .dport = htons((uint16_t)(1 + i)),
					    .dmac = {2, 0, 0, 0, 0, 2}};
	for (uint16_t i = 0; i < WORKERS; i++) {
		packets[i] = calloc(PACKETS, sizeof(struct packet));
		for (uint32_t n = 0; n < PACKETS; n++)
			build(&packets[i][n], (uint16_t)(n % FLOWS), i, n + 1);
		pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i);
	}
	while (atomic_load(&running) > 0) {
		live((uint16_t)(next(&seed) % FLOWS), &seed);
		lives++;
		grace();
		flow_reap(table);
	}
	while (flow_ending(table) > 0) {
		grace();
		flow_reap(table);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	printf("%u lives, %u ends; of %u packets %u by the sink, %u by the way on\n", lives,
	       atomic_load(&ends), all_out(), atomic_load(&by_sink), atomic_load(&by_way));
	if (all_out() != WORKERS * PACKETS || !by_sink || !by_way || !ends) {
		fprintf(stderr, "packets were lost, or nothing happened\n");
		return 1;
	}
	flow_table_free(table);
	for (int i = 0; i < WORKERS; i++)
		free(packets[i]);
	return 0;
}
