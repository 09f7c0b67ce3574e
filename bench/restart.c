/* SPDX-License-Identifier: BSD-3-Clause */
/* restart: the switch is killed and started again under load (ETSI TST009's reset, RFC 6201).
 * The guests own the sockets and live on. docs/bench-traffic.md */
#include "bench/guests.h"

#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

static const struct scenario_param params[] = {
	{"size", "64", "64..9018|imix", "bytes of a frame with its FCS"},
	{"flows", "1", "1..1000000", "pairs of addresses and UDP ports, each way"},
	{"both", "on", "on|off", "both ways at once"},
	{"rate", "100k", "1k..100M", "frames a second, both ways together"},
	{NULL, NULL, NULL, NULL},
};

static const double before_seconds = 1, default_seconds = 10, settle_seconds = 0.5;

static int restart_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	return guests_wire(cell, 2, true, w, e);
}

static int restart_open(struct subject *s, struct err *e)
{
	struct guests *g = calloc(1, sizeof(*g));
	int ret;

	if (!g)
		return err_set(e, -ENOMEM, "out of memory");
	g->base = (struct traffic_trial){
		.pattern = TRAFFIC_PAIRS,
		.frame_bytes = guests_frame_bytes(s->cell),
		.flows = (uint32_t)cell_number(s->cell, "flows"),
		.both_ways = cell_on(s->cell, "both"),
		.pps = cell_number(s->cell, "rate"),
		.seconds = default_seconds,
		.settle_seconds = settle_seconds,
		.track = true,
	};
	ret = s->rig->system->restart
		      ? guests_open(s, g, e)
		      : err_set(e, -ENOTSUP, "%s cannot be restarted with its guests left alive",
				s->name);
	if (ret != 0) {
		free(g);
		return ret;
	}
	s->state = g;
	return 0;
}

static void restart_close(struct subject *s)
{
	guests_close(s->state);
	free(s->state);
	s->state = NULL;
}

static void wait_seconds(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds,
			     .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

	while (nanosleep(&t, &t) != 0)
		;
}

static void say_what_came(struct guests *g, struct sample *sample,
			  const struct traffic_trial *trial, const struct traffic_result *r,
			  double took)
{
	uint64_t lost = guests_lost(g, trial, r);
	double blocked = (double)lost / (double)r->offered * r->seconds;

	sample_add(sample, "blocked", "ms", true, blocked * 1e3);
	sample_add(sample, "gap", "ms", true, (double)r->gap_ns / 1e6);
	sample_add(sample, "duplicated", "frames", true, (double)r->duplicated);
	sample_inform(sample, "lost", "frames", (double)lost);
	sample_inform(sample, "reordered", "frames", (double)r->reordered);
	sample_inform(sample, "restart", "ms", took * 1e3);
	/* Silence that reaches the trial's end has no known end. */
	if ((double)r->gap_ns / 1e9 > trial->seconds - before_seconds - 0.5)
		sample_spoil(sample,
			     "nothing came through any more within the %g s of the trial; "
			     "give more --seconds",
			     trial->seconds);
}

static int restart_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct guests *g = s->state;
	struct traffic_trial trial = g->base;
	struct traffic_result r = {0};
	struct watch_seen seen;
	struct watch watch;
	struct err while_running = {0};
	uint64_t began;
	double took;
	int ret, ended;

	trial.seconds = s->limits->seconds > 0 ? s->limits->seconds : default_seconds;
	/* Since the last sample the switch forgot everything. */
	g->taught_ns = 0;
	ret = traffic_ready(g->traffic, 30000, e);
	if (ret == 0)
		ret = guests_teach(g, e);
	if (ret != 0)
		return ret;
	watch_begin(&watch);
	ret = traffic_begin(g->traffic, &trial, e);
	if (ret != 0)
		return ret;
	wait_seconds(before_seconds);
	s->say(s, "killed");
	began = clock_now_ns();
	ret = s->rig->system->restart(s->rig, &while_running);
	took = (double)(clock_now_ns() - began) / 1e9;
	s->say(s, "running again after %.0f ms", took * 1e3);
	/* The trial ends in any case; its answer must be taken. */
	ended = traffic_end(g->traffic, &r, e);
	watch_end(&watch, &seen);
	if (ret != 0)
		*e = while_running;
	if (ret != 0 || ended != 0)
		return ret != 0 ? ret : ended;
	if (!watch_ok(&seen, &s->limits->watch, g->why, sizeof(g->why)))
		sample_spoil(sample, "%s", g->why);
	say_what_came(g, sample, &trial, &r, took);
	sample->raw = json_pack(
		"{s:[{s:f,s:f,s:I,s:I,s:I,s:I,s:I,s:I,s:b}]}", "trials", "load", trial.pps,
		"seconds", r.seconds, "offered", (json_int_t)r.offered, "sent", (json_int_t)r.sent,
		"refused", (json_int_t)r.refused, "received", (json_int_t)r.received, "duplicated",
		(json_int_t)r.duplicated, "gap_ns", (json_int_t)r.gap_ns, "valid", sample->valid);
	return 0;
}

const struct scenario scenario_restart = {
	.name = "restart",
	.what = "the switch is killed and started again under load",
	.params = params,
	.systems = "flue testpmd testpmd-mac ovs-dpdk",
	.watches = true,
	.wire = restart_wire,
	.open = restart_open,
	.sample = restart_sample,
	.close = restart_close,
};
