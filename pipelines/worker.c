/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/worker.h"

#include "base/clock.h"
#include "vswitch/port/port.h"

#include <errno.h>
#include <poll.h>
#include <rte_cycles.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Empty rounds last this long before the worker sleeps: longer than the gaps in a stream
	 * of packets, shorter than anyone would notice as load. */
	IDLE_NS = 20000,
	/* Sleep when some queue cannot wake the worker: the delay of its first packet. Each time it
	 * wakes costs a few microseconds, so this also bounds the load at rest. */
	NAP_NS = 90000,
	/* Sleep when all can, in pieces. A virtual processor that halts for longer than this is
	 * taken off its core by the host (KVM's halt_poll_ns), and then takes 100 us to come back.
	 */
	DOZE_NS = 180000,
	/* The pieces together: only a safeguard. */
	REST_NS = 100000000,
	WAKE_FDS = 256,
};

struct clock_scale {
	uint64_t per_idle;  /* TSC cycles in IDLE_NS */
	uint64_t per_tick;  /* and in a tick of coarse time */
	uint64_t next_tick; /* TSC at the next tick */
	/* Fine time: read from the system once a tick, and from the TSC between. */
	uint64_t tsc, ns; /* at the last reading */
	uint64_t last_ns;
	double ns_per_cycle;
};

static uint64_t cycles_per_tick(void)
{
	return (rte_get_tsc_hz() << FWD_TICK_SHIFT) / NS_PER_S;
}

/* CLOCK_MONOTONIC at that TSC, to a few microseconds; never less than the last time. */
static uint64_t fine_time(struct clock_scale *c, uint64_t now)
{
	uint64_t ns = c->ns + (uint64_t)((double)(now - c->tsc) * c->ns_per_cycle);

	c->last_ns = RTE_MAX(c->last_ns, ns);
	return c->last_ns;
}

uint32_t worker_tick_now(void)
{
	return (uint32_t)(rte_rdtsc() / cycles_per_tick());
}

void worker_wake(const struct worker *w)
{
	const uint64_t one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		return; /* full: it is being woken already */
}

/* One round over all queues. Returns how many packets there were. */
static uint32_t poll_all(struct worker *w)
{
	const struct fwd_config *fwd = w->ctx.fwd;
	uint16_t n = fwd->workers[w->ctx.id].n;
	uint32_t packets = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct fwd_rxq *q = &fwd->workers[w->ctx.id].rxq[i];

		packets += pipe_run(&w->pipe, q->port, q->queue);
	}
	return packets;
}

/* One round over what is no queue. Returns how much there was to do. */
static uint32_t poll_others(struct worker *w, struct clock_scale *c)
{
	uint64_t now_ns = w->n_pollers ? fine_time(c, rte_rdtsc()) : 0;
	uint32_t n = 0;

	for (uint8_t i = 0; i < w->n_pollers; i++)
		n += w->pollers[i].poll(w->pollers[i].ctx, &w->pipe, now_ns);
	return n;
}

/* What a sleeping worker waits for. */
struct bed {
	struct pollfd fds[WAKE_FDS]; /* the last is the worker's own */
	int n;
	bool all;	   /* they cover all there is */
	uint64_t until_ns; /* it wakes by then; UINT64_MAX: nothing is due */
};

/* Adds what `got` says was written to raw. */
static void add_fds(struct bed *b, const int *raw, int got)
{
	if (got < 0)
		b->all = false;
	for (int j = 0; j < got; j++)
		b->fds[b->n++] = (struct pollfd){.fd = raw[j], .events = POLLIN};
}

/* Asks every queue, and all else, to wake us. */
static void arm(struct worker *w, struct bed *b)
{
	const struct fwd_config *fwd = w->ctx.fwd;
	int raw[WAKE_FDS];

	b->n = 0;
	b->all = true;
	b->until_ns = UINT64_MAX;
	for (uint16_t i = 0; i < fwd->workers[w->ctx.id].n; i++) {
		const struct fwd_rxq *q = &fwd->workers[w->ctx.id].rxq[i];
		struct port *port = fwd->ports[q->port].port;

		add_fds(b, raw, port->ops->sleep(port, q->queue, raw, WAKE_FDS - 1 - b->n));
	}
	for (uint8_t i = 0; i < w->n_pollers; i++) {
		const struct worker_poller *p = &w->pollers[i];

		if (p->sleep)
			add_fds(b, raw, p->sleep(p->ctx, raw, WAKE_FDS - 1 - b->n, &b->until_ns));
	}
	b->fds[b->n++] = (struct pollfd){.fd = w->wake_fd, .events = POLLIN};
}

static void disarm(struct worker *w)
{
	const struct fwd_config *fwd = w->ctx.fwd;

	for (uint8_t i = 0; i < w->n_pollers; i++)
		if (w->pollers[i].wake)
			w->pollers[i].wake(w->pollers[i].ctx);
	for (uint16_t i = 0; i < fwd->workers[w->ctx.id].n; i++) {
		const struct fwd_rxq *q = &fwd->workers[w->ctx.id].rxq[i];
		struct port *port = fwd->ports[q->port].port;

		port->ops->wake(port, q->queue);
	}
}

/* Waits for one of the descriptors, or until something is due; for NAP_NS, or, where they cover all
 * queues, for REST_NS. */
static void wait_for(struct bed *b)
{
	uint64_t now = clock_now_ns(), end = now + (b->all ? REST_NS : NAP_NS);

	end = RTE_MIN(end, b->until_ns);
	while (now < end) {
		uint64_t piece = RTE_MIN(end - now, (uint64_t)(b->all ? DOZE_NS : NAP_NS));
		const struct timespec t = {.tv_nsec = (long)piece};

		if (ppoll(b->fds, (nfds_t)b->n, &t, NULL) != 0)
			return;
		now = clock_now_ns();
	}
}

static void drain(const struct worker *w)
{
	uint64_t count;

	if (read(w->wake_fd, &count, sizeof(count)) < 0)
		return; /* never: it was readable, and nobody else reads it */
}

/* Sleeps until something comes. Asleep it is no reader of any table, so nobody waits for it. */
static void rest(struct worker *w, struct worker_shared *shared, struct clock_scale *c)
{
	struct bed b;
	uint64_t since;

	arm(w, &b);
	/* What came between the last round and the arming wakes nobody; after a nap it is found. */
	if (!b.all || poll_all(w) + poll_others(w, c) == 0) {
		since = rte_rdtsc();
		rte_rcu_qsbr_thread_offline(shared->qsbr, w->ctx.id);
		b.fds[b.n - 1].revents = 0;
		wait_for(&b);
		rte_rcu_qsbr_thread_online(shared->qsbr, w->ctx.id);
		pkt_count(w->idle_cycles, rte_rdtsc() - since);
		pkt_count(w->sleeps, 1);
		/* The tables may be new ones, and the ports of the old ones gone. */
		w->ctx.fwd = atomic_load_explicit(&shared->fwd, memory_order_acquire);
		if (b.fds[b.n - 1].revents & POLLIN)
			drain(w);
	}
	disarm(w);
}

static void tick(struct worker *w, struct clock_scale *c, uint64_t now)
{
	if (likely(now < c->next_tick))
		return;
	c->next_tick = now + c->per_tick;
	w->ctx.now = (uint32_t)(now / c->per_tick);
	c->tsc = now;
	c->ns = clock_now_ns();
}

int worker_add_poller(struct worker *w, const struct worker_poller *p)
{
	if (w->n_pollers == WORKER_POLLERS_MAX)
		return -ENOSPC;
	w->pollers[w->n_pollers++] = *p;
	return 0;
}

int worker_main(void *arg)
{
	const struct worker_run *run = arg;
	struct worker_shared *shared = run->shared;
	struct worker *w = run->worker;
	uint64_t hz = rte_get_tsc_hz(), quiet_since = rte_rdtsc();
	struct clock_scale c = {
		.per_idle = hz * IDLE_NS / NS_PER_S,
		.per_tick = cycles_per_tick(),
		.ns_per_cycle = (double)NS_PER_S / (double)hz,
	};

	prctl(PR_SET_TIMERSLACK, 1UL);
	rte_rcu_qsbr_thread_register(shared->qsbr, w->ctx.id);
	rte_rcu_qsbr_thread_online(shared->qsbr, w->ctx.id);
	while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
		uint64_t now = rte_rdtsc();
		uint32_t n, others;

		rte_rcu_qsbr_quiescent(shared->qsbr, w->ctx.id);
		w->ctx.fwd = atomic_load_explicit(&shared->fwd, memory_order_acquire);
		w->ctx.trace = w->ctx.fwd->workers[w->ctx.id].trace;
		tick(w, &c, now);
		n = poll_all(w);
		others = poll_others(w, &c);
		pkt_count(w->polls, 1);
		if (n + others > 0) {
			quiet_since = rte_rdtsc();
			pkt_count(w->rx_packets, n);
			pkt_count(w->busy_cycles, quiet_since - now);
		} else if (now - quiet_since > c.per_idle && !w->ctx.fwd->poll_always) {
			rest(w, shared, &c);
		} else {
			rte_pause();
			pkt_count(w->idle_cycles, rte_rdtsc() - now);
		}
	}
	rte_rcu_qsbr_thread_offline(shared->qsbr, w->ctx.id);
	rte_rcu_qsbr_thread_unregister(shared->qsbr, w->ctx.id);
	return 0;
}
