/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of offloaded connections: the table, what workers do for it, and its ends. */
#include "vswitch/ctrl/flow.h"

#include "vswitch/ctrl/ctrl.h"

#include <stdlib.h>

/* Reaping goes on for so many grace periods at a time; what is left then (its worker was asleep,
 * and is waking) is looked at after a while. */
enum { REAP_ROUNDS = 4, REAP_US = 2000 };

/* What a worker's poller knows. */
struct ctrl_flow_poller {
	struct flow_table *flows;
	uint16_t worker;
};

static void forward(void *ctx, uint16_t bridge, struct rte_mbuf **pkts, uint16_t n)
{
	pipe_forward(ctx, bridge, pkts, n);
}

static uint32_t poll(void *ctx, struct pipe *pipe, uint64_t now_ns)
{
	const struct ctrl_flow_poller *p = ctx;
	const struct flow_forward out = {.forward = forward, .ctx = pipe};

	return flow_poll(p->flows, pipe->burst.w, &out);
}

static int sleep_on(void *ctx, int *fds, int max, uint64_t *until_ns)
{
	const struct ctrl_flow_poller *p = ctx;

	/* The worker's own descriptor wakes it: see wake_worker(). */
	if (!flow_asleep(p->flows, p->worker))
		*until_ns = 0;
	return 0;
}

static void awake(void *ctx)
{
	const struct ctrl_flow_poller *p = ctx;

	flow_awake(p->flows, p->worker);
}

static void wake_worker(void *ctx, uint16_t worker)
{
	const struct ctrl *c = ctx;

	worker_wake(&c->workers[worker]);
}

int ctrl_flows_init(struct ctrl *c, uint32_t max, struct err *e)
{
	c->flows = flow_table_new(c->n_workers, max);
	c->flow_pollers = calloc(c->n_workers, sizeof(*c->flow_pollers));
	if (!c->flows || !c->flow_pollers)
		goto free_all;
	flow_table_set_wake(c->flows, wake_worker, c);
	for (uint16_t i = 0; i < c->n_workers; i++) {
		const struct worker_poller p = {
			.poll = poll,
			.sleep = sleep_on,
			.wake = awake,
			.ctx = &c->flow_pollers[i],
		};

		c->flow_pollers[i] = (struct ctrl_flow_poller){.flows = c->flows, .worker = i};
		if (worker_add_poller(&c->workers[i], &p) != 0)
			goto free_all;
	}
	return 0;

free_all:
	ctrl_flows_fini(c);
	return err_set(e, -ENOMEM, "no memory for %u flows; lower --flows", max);
}

void ctrl_flows_fini(struct ctrl *c)
{
	ctrl_holds_free(c);
	flow_table_free(c->flows);
	free(c->flow_pollers);
	if (c->reap_timer)
		event_free(c->reap_timer);
	c->reap_timer = NULL;
	c->flows = NULL;
	c->flow_pollers = NULL;
}

static void on_reap_timer(evutil_socket_t fd, short what, void *arg)
{
	ctrl_flows_reap(arg);
}

static void look_again(struct ctrl *c)
{
	const struct timeval later = {.tv_usec = REAP_US};

	if (!c->reap_timer)
		c->reap_timer = evtimer_new(c->base, on_reap_timer, c);
	if (c->reap_timer)
		evtimer_add(c->reap_timer, &later);
}

/* A grace period is over. */
static void reap(struct ctrl *c, void *arg)
{
	unsigned int rounds = (unsigned int)(uintptr_t)arg, left = flow_reap(c->flows);

	if (left > 0 && rounds > 0) {
		ctrl_defer(c, reap, (void *)(uintptr_t)(rounds - 1));
		return;
	}
	c->reaping = false;
	if (left > 0)
		look_again(c);
}

void ctrl_flows_reap(struct ctrl *c)
{
	if (!c->flows || c->reaping || flow_ending(c->flows) == 0)
		return;
	c->reaping = true;
	ctrl_defer(c, reap, (void *)(uintptr_t)REAP_ROUNDS);
}
