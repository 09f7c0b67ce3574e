/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/gen.h"

#include <poll.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	LEAD_MS = 2,	      /* from the order to the first frame: every worker is there by then */
	LOOKS_A_SECOND = 100, /* at least, of a worker that runs */
	LOOK_TURNS = 256,     /* how often a worker that is done looks whether all is quiet */
	DRAIN_BURSTS = 64,
	/* At overload, after a turn in which every ring was full and empty: looking again at once
	 * only takes the rings' cache lines away from the switch. */
	OVERLOAD_PAUSES = 32,
};

static const uint8_t one_size[SCHED_IMIX];

/* What came since the last trial is of none. */
static void drain(struct gen_port *p)
{
	struct rte_mbuf *pkts[GEN_RX_BURST];

	for (uint16_t q = 0; q < p->t->queues; q++)
		for (int i = 0; i < DRAIN_BURSTS; i++) {
			uint16_t n = rte_eth_rx_burst(p->t->id, q, pkts, GEN_RX_BURST);

			if (!n)
				break;
			rte_pktmbuf_free_bulk(pkts, n);
		}
}

/* Has nothing come to anybody for the time asked for, since the last frame was sent? That frames
 * come without end is said only after a long time of looking: what waited while the machine, or
 * this process, stood still comes late and all at once. */
static bool quiet(struct gen_worker *w, uint64_t now)
{
	struct gen *g = w->gen;
	uint64_t hz = rte_get_tsc_hz(), last = atomic_load(&g->sent_at);
	uint64_t settle = (uint64_t)(g->job.settle_seconds * (double)hz);
	uint64_t since = now - w->watched_at;

	w->watched_at = now;
	if (atomic_load(&g->sending))
		return false;
	w->watched += RTE_MIN(since, hz / LOOKS_A_SECOND);
	for (size_t i = 0; i < g->ports->n_workers; i++)
		last = RTE_MAX(last, atomic_load(&g->workers[i].last_rx));
	if (now > last && now - last >= settle)
		return true;
	if (w->watched < 10 * settle + hz)
		return false;
	atomic_store(&g->unsettled, true);
	return true;
}

static bool sends_more(const struct gen_worker *w, uint64_t now, uint64_t stop)
{
	if (w->gen->job.pps <= 0)
		return now < stop;
	for (size_t i = 0; i < w->n_ports; i++)
		if (w->ports[i]->sends && w->ports[i]->sched.frames)
			return true;
	return false;
}

static void stop_sending(struct gen_worker *w, uint64_t now)
{
	uint64_t last = atomic_load(&w->last_rx), sent = atomic_load(&w->gen->sent_at);

	for (size_t i = 0; i < w->n_ports; i++)
		if (w->ports[i]->from != GEN_NOBODY && now > last && now - last > w->gap)
			w->gap = now - last;
	while (sent < now && !atomic_compare_exchange_weak(&w->gen->sent_at, &sent, now))
		;
	atomic_fetch_sub(&w->gen->sending, 1);
}

static void turns(struct gen_worker *w)
{
	struct gen *g = w->gen;
	uint64_t stop = (uint64_t)(g->job.seconds * (double)rte_get_tsc_hz());
	uint64_t now, before = 0, began;
	bool sending = true;

	while (rte_rdtsc() < g->start)
		rte_pause();
	began = before = rte_rdtsc() - g->start;
	for (uint32_t turn = 0;; turn++) {
		uint32_t work = 0;

		now = rte_rdtsc() - g->start;
		if (sending && now - before > w->late)
			w->late = now - before;
		before = now;
		for (size_t i = 0; i < w->n_ports; i++)
			work += gen_receive(w, w->ports[i]);
		for (size_t i = 0; sending && i < w->n_ports; i++)
			if (w->ports[i]->sends)
				work += gen_send(w, w->ports[i], rte_rdtsc() - g->start);
		for (int i = 0; !work && g->job.pps <= 0 && i < OVERLOAD_PAUSES; i++)
			rte_pause();
		if (sending) {
			uint64_t end = rte_rdtsc() - g->start;

			w->busy += work ? end - now : 0;
			sending = sends_more(w, end, stop);
			if (!sending) {
				w->turns_cycles = end - began;
				stop_sending(w, end);
			}
		} else if (turn % LOOK_TURNS == 0 && quiet(w, now)) {
			break;
		}
	}
}

static int worker_main(void *arg)
{
	struct gen_worker *w = arg;
	uint64_t one = 1;

	turns(w);
	if (atomic_fetch_sub(&w->gen->running, 1) == 1 &&
	    write(w->gen->done_fd, &one, sizeof(one)) < 0)
		return -errno;
	return 0;
}

static void prepare_port(struct gen *g, size_t number)
{
	const struct gen_job *job = &g->job;
	struct gen_port *p = &g->port[number];
	const struct frame_ends *ends = &job->port[number].ends;
	double hz = (double)rte_get_tsc_hz();
	unsigned int senders = 0, before = 0;

	for (size_t i = 0; i < g->ports->n; i++) {
		senders += job->port[i].sends;
		before += i < number && job->port[i].sends;
	}
	p->sends = job->port[number].sends;
	p->from = job->port[number].from;
	p->flow = p->turn = 0;
	p->order = job->frame_bytes == TRAFFIC_IMIX ? sched_imix : one_size;
	/* Streams take turns: their frames are not due at the same moments. */
	if (job->pps > 0)
		sched_init(&p->sched, hz / job->pps, hz / job->pps * before / senders, job->frames);
	else
		sched_init(&p->sched, 0, 0, 0);
	if (job->frame_bytes == TRAFFIC_UNIT)
		frame_image_unit(&p->image[0], ends, g->ports->mtu);
	else if (job->frame_bytes == TRAFFIC_IMIX)
		for (int i = 0; i < GEN_SIZES; i++)
			frame_image_init(&p->image[i], ends, sched_imix_bytes[i] - FRAME_FCS);
	else
		frame_image_init(&p->image[0], ends, job->frame_bytes - FRAME_FCS);
	if (job->track)
		window_reset(&p->window);
	drain(p);
}

static void prepare_worker(struct gen *g, size_t number)
{
	struct gen_worker *w = &g->workers[number];

	w->gen = g;
	w->count = (struct gen_count){0};
	w->busy = w->turns_cycles = w->late = w->gap = w->last_due = w->looked = 0;
	w->watched = w->watched_at = 0;
	w->n_ports = 0;
	atomic_store(&w->last_rx, 0);
	hist_reset(w->corrected);
	hist_reset(w->raw);
	for (size_t i = number; i < g->ports->n; i += g->ports->n_workers)
		w->ports[w->n_ports++] = &g->port[i];
}

/* A job's figures join those of jobs before it in the same trial. */
static int collect(struct gen *g, struct traffic_result *r, struct err *e)
{
	uint64_t unit_bytes = 0, last_due = 0;
	double busy = 0;

	if (g->job.latency && !r->raw) {
		r->corrected = calloc(1, sizeof(*r->corrected));
		r->raw = calloc(1, sizeof(*r->raw));
		if (!r->corrected || !r->raw)
			return err_set(e, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < g->ports->n_workers; i++) {
		const struct gen_worker *w = &g->workers[i];

		r->offered += w->count.offered;
		r->sent += w->count.sent;
		r->refused += w->count.refused;
		r->received += w->count.received;
		r->stray += w->count.stray;
		r->duplicated += w->count.duplicated;
		r->reordered += w->count.reordered;
		r->corrupt += w->count.corrupt;
		unit_bytes += w->count.unit_bytes;
		last_due = RTE_MAX(last_due, w->last_due);
		if (w->turns_cycles)
			busy = RTE_MAX(busy, (double)w->busy / (double)w->turns_cycles);
		r->late_ns = RTE_MAX(r->late_ns, (uint64_t)((double)w->late * g->ns_per_cycle));
		r->gap_ns = RTE_MAX(r->gap_ns, (uint64_t)((double)w->gap * g->ns_per_cycle));
		if (g->job.latency) {
			hist_merge(r->corrected, w->corrected);
			hist_merge(r->raw, w->raw);
		}
	}
	/* A unit that was cut counts once its bytes are all there. */
	if (g->job.frame_bytes == TRAFFIC_UNIT)
		r->received += unit_bytes / frame_unit_payload(&g->port[0].image[0]);
	r->busy = RTE_MAX(r->busy, busy);
	r->seconds += (double)last_due * g->ns_per_cycle / 1e9;
	return 0;
}

int gen_run(struct gen *g, const struct gen_job *job, struct traffic_result *r, struct err *e)
{
	uint64_t done;
	int ret = 0;

	g->job = *job;
	for (size_t i = 0; i < g->ports->n; i++)
		prepare_port(g, i);
	for (size_t i = 0; i < g->ports->n_workers; i++)
		prepare_worker(g, i);
	atomic_store(&g->sending, (unsigned int)g->ports->n_workers);
	atomic_store(&g->running, (unsigned int)g->ports->n_workers);
	atomic_store(&g->sent_at, 0);
	atomic_store(&g->unsettled, false);
	g->start = rte_rdtsc() + rte_get_tsc_hz() / 1000 * LEAD_MS;
	for (size_t i = 0; i < g->ports->n_workers; i++)
		if (rte_eal_remote_launch(worker_main, &g->workers[i], (unsigned int)i + 1) != 0)
			return err_set(e, -EBUSY, "a worker of the generator does not start");
	/* Waiting for a worker in DPDK would poll, on its own processor. */
	while (read(g->done_fd, &done, sizeof(done)) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < g->ports->n_workers && ret == 0; i++)
		ret = rte_eal_wait_lcore((unsigned int)i + 1);
	if (ret != 0)
		return err_set(e, ret, "a worker of the generator failed");
	if (atomic_load(&g->unsettled))
		return err_set(e, -ETIME,
			       "frames come without end after the last was sent; is "
			       "there a loop in the switch?");
	return collect(g, r, e);
}

int gen_init(struct gen *g, struct tports *ports, struct err *e)
{
	*g = (struct gen){.ports = ports, .ns_per_cycle = 1e9 / (double)rte_get_tsc_hz()};
	g->done_fd = eventfd(0, EFD_CLOEXEC);
	if (g->done_fd < 0)
		return err_set(e, -errno, "no eventfd");
	for (size_t i = 0; i < ports->n; i++) {
		g->port[i].t = &ports->port[i];
		g->port[i].number = (uint8_t)i;
		if (window_init(&g->port[i].window) != 0)
			return err_set(e, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < ports->n_workers; i++) {
		g->workers[i].corrected = calloc(1, sizeof(struct hist));
		g->workers[i].raw = calloc(1, sizeof(struct hist));
		if (!g->workers[i].corrected || !g->workers[i].raw)
			return err_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}
