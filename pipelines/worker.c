/* SPDX-License-Identifier: BSD-3-Clause */
#include "pipelines/worker.h"

#include "vswitch/port/port.h"

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
};

static uint64_t cycles_per_tick(void)
{
	return (rte_get_tsc_hz() << FWD_TICK_SHIFT) / NS_PER_S;
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

/* Asks every queue to wake us. Returns the number of descriptors; *all: they cover all queues. */
static int arm(struct worker *w, struct pollfd *fds, bool *all)
{
	const struct fwd_config *fwd = w->ctx.fwd;
	int n = 0, got, raw[WAKE_FDS];

	*all = true;
	for (uint16_t i = 0; i < fwd->workers[w->ctx.id].n; i++) {
		const struct fwd_rxq *q = &fwd->workers[w->ctx.id].rxq[i];
		struct port *port = fwd->ports[q->port].port;

		got = port->ops->sleep(port, q->queue, raw, WAKE_FDS - 1 - n);
		if (got < 0)
			*all = false;
		for (int j = 0; j < got; j++)
			fds[n++] = (struct pollfd){.fd = raw[j], .events = POLLIN};
	}
	fds[n++] = (struct pollfd){.fd = w->wake_fd, .events = POLLIN};
	return n;
}

static void disarm(struct worker *w)
{
	const struct fwd_config *fwd = w->ctx.fwd;

	for (uint16_t i = 0; i < fwd->workers[w->ctx.id].n; i++) {
		const struct fwd_rxq *q = &fwd->workers[w->ctx.id].rxq[i];
		struct port *port = fwd->ports[q->port].port;

		port->ops->wake(port, q->queue);
	}
}

/* Waits for one of the descriptors; for NAP_NS, or, where they cover all queues, for REST_NS. */
static void wait_for(struct pollfd *fds, int n, bool all)
{
	const struct timespec piece = {.tv_nsec = all ? DOZE_NS : NAP_NS};
	int pieces = all ? REST_NS / DOZE_NS : 1;

	while (pieces-- > 0 && ppoll(fds, (nfds_t)n, &piece, NULL) == 0)
		;
}

static void drain(const struct worker *w)
{
	uint64_t count;

	if (read(w->wake_fd, &count, sizeof(count)) < 0)
		return; /* never: it was readable, and nobody else reads it */
}

/* Sleeps until something comes. Asleep it is no reader of any table, so nobody waits for it. */
static void rest(struct worker *w, struct worker_shared *shared)
{
	struct pollfd fds[WAKE_FDS];
	bool all;
	int n = arm(w, fds, &all);
	uint64_t since;

	/* What came between the last round and the arming wakes nobody; after a nap it is found. */
	if (!all || poll_all(w) == 0) {
		since = rte_rdtsc();
		rte_rcu_qsbr_thread_offline(shared->qsbr, w->ctx.id);
		wait_for(fds, n, all);
		rte_rcu_qsbr_thread_online(shared->qsbr, w->ctx.id);
		pkt_count(w->idle_cycles, rte_rdtsc() - since);
		pkt_count(w->sleeps, 1);
		/* The tables may be new ones, and the ports of the old ones gone. */
		w->ctx.fwd = atomic_load_explicit(&shared->fwd, memory_order_acquire);
		if (fds[n - 1].revents & POLLIN)
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
	};

	prctl(PR_SET_TIMERSLACK, 1UL);
	rte_rcu_qsbr_thread_register(shared->qsbr, w->ctx.id);
	rte_rcu_qsbr_thread_online(shared->qsbr, w->ctx.id);
	while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
		uint64_t now = rte_rdtsc();
		uint32_t n;

		rte_rcu_qsbr_quiescent(shared->qsbr, w->ctx.id);
		w->ctx.fwd = atomic_load_explicit(&shared->fwd, memory_order_acquire);
		w->ctx.trace = w->ctx.fwd->workers[w->ctx.id].trace;
		tick(w, &c, now);
		n = poll_all(w);
		pkt_count(w->polls, 1);
		if (n > 0) {
			quiet_since = rte_rdtsc();
			pkt_count(w->rx_packets, n);
			pkt_count(w->busy_cycles, quiet_since - now);
		} else if (now - quiet_since > c.per_idle && !w->ctx.fwd->poll_always) {
			rest(w, shared);
		} else {
			rte_pause();
			pkt_count(w->idle_cycles, rte_rdtsc() - now);
		}
	}
	rte_rcu_qsbr_thread_offline(shared->qsbr, w->ctx.id);
	rte_rcu_qsbr_thread_unregister(shared->qsbr, w->ctx.id);
	return 0;
}
