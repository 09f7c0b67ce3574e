/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario rr: requests and answers over TCP between two hosts. docs/chimney-bench.md */
#include "bench/load/rr.h"
#include "bench/chimney.h"
#include "bench/ends.h"

#include <stdlib.h>

static const struct scenario_param params[] = {
	{"bytes", "64", "1..65536", "of a request, and of its answer"},
	{"connections", "1", "1..64", "TCP connections, each with one request under way"},
	{"mtu", "1500", "576..9600", "of both hosts and the system, bytes"},
	{"tso", "on", "on|off", "large segments, sent and received (GRO), and checksums"},
	{"cc", "cubic", ENDS_CC, "congestion control"},
	CHIMNEY_PARAMS("none|a|b|both"),
	{NULL, NULL, NULL, NULL},
};

struct state {
	struct rr *rr;
	struct chimney chimney;
	struct rr_result result; /* large */
};

static int rr_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	bool tso = cell_on(cell, "tso");

	ends_wire(w, (unsigned int)cell_number(cell, "mtu"), tso, tso);
	return chimney_wire(cell, w, e);
}

static int rr_open(struct subject *s, struct err *e)
{
	struct ends ends;
	struct rr_spec spec = {
		.name = s->rig->id,
		.connections = (unsigned int)cell_number(s->cell, "connections"),
		.bytes = (uint32_t)cell_number(s->cell, "bytes"),
		.cc = cell_text(s->cell, "cc"),
	};
	struct state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return err_set(e, -ENOMEM, "out of memory");
	ret = ends_open(s, spec.cc, &ends, e);
	if (ret)
		goto free_state;
	chimney_open(s, spec.connections, &state->chimney);
	spec.a = (struct tcp_end){ends.a_netns, ends.a_address, ends.a_cpus,
				  chimney_of_a(&state->chimney)};
	spec.b = (struct tcp_end){ends.b_netns, ends.b_address, ends.b_cpus,
				  chimney_of_b(&state->chimney)};
	ret = rr_start(&spec, &state->rr, e);
	if (ret)
		goto free_state;
	s->state = state;
	return 0;

free_state:
	free(state);
	return ret;
}

static void add_values(struct sample *sample, const struct window *w, const struct state *state)
{
	const struct rr_result *r = &state->result;
	double seconds = r->seen.seconds, n = (double)r->requests / r->seconds * seconds;
	double busy = ends_cpu_busy(w, &r->seen);

	sample_percentile(sample, &r->latency, "latency_p50", 50, false);
	sample_percentile(sample, &r->latency, "latency_p99", 99, false);
	sample_add(sample, "rate", "1/s", false, (double)r->requests / r->seconds);
	sample_add(sample, "cpu_per_request", "s", true, r->seen.machine_cpu / n);
	if (busy >= 0)
		sample_add(sample, "cpu_busy_per_request", "s", true, busy / n);
	sample_percentile(sample, &r->worst, "worst_p50", 50, true);
	sample_percentile(sample, &r->worst, "worst_p90", 90, true);
	sample_percentile(sample, &r->worst, "worst_p99", 99, true);
	ends_inform_cpu(sample, w, &r->seen, r->a_cpu + r->b_cpu);
	sample->raw =
		json_pack("{s:[{s:o}], s:o, s:I}", "latency", "raw", hist_to_json(&r->latency),
			  "worst", hist_to_json(&r->worst), "requests", (json_int_t)r->requests);
}

static int rr_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct window w = ends_window(s);
	struct state *state = s->state;
	int ret = chimney_begin(s, &state->chimney, &w, e);

	if (!ret)
		ret = rr_run(state->rr, &w, &state->result, e);
	if (ret)
		return ret;
	if (state->result.why[0])
		sample_spoil(sample, "%s", state->result.why);
	else
		add_values(sample, &w, state);
	return chimney_end(s, &state->chimney, sample, e);
}

static void rr_close(struct subject *s)
{
	struct state *state = s->state;

	rr_stop(state->rr);
	free(state);
}

static int rr_hold(struct subject *s, bool freeze, struct err *e)
{
	struct state *state = s->state;

	return rr_freeze(state->rr, freeze, e);
}

const struct scenario scenario_rr = {
	.name = "rr",
	.what = "requests and answers over TCP between two hosts",
	.params = params,
	.systems = "flue linux-bridge ovs-dpdk veth",
	.wire = rr_wire,
	.open = rr_open,
	.sample = rr_sample,
	.close = rr_close,
	.freeze = rr_hold,
};
