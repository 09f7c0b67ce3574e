/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario handoff: how long a connection takes from the kernel to the switch and back.
 * docs/chimney-bench.md */
#include "bench/handoff/handoff.h"
#include "bench/chimney.h"
#include "bench/ends.h"

#include <stdlib.h>

static const struct scenario_param params[] = {
	{"pause", "1", "0..1000", "ms between two moves"},
	{"mtu", "1500", "576..9600", "of both hosts and the system, bytes"},
	{"cc", "cubic", ENDS_CC, "congestion control"},
	{NULL, NULL, NULL, NULL},
};

struct state {
	struct handoff *handoff;
	struct handoff_result result; /* large */
};

static int handoff_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	ends_wire(w, (unsigned int)cell_number(cell, "mtu"), true, true);
	w->chimney = true;
	return 0;
}

static int handoff_open(struct subject *s, struct err *e)
{
	struct ends ends;
	char socket[128];
	struct handoff_spec spec = {
		.name = s->rig->id,
		.cc = cell_text(s->cell, "cc"),
		.pause_us = (unsigned int)(cell_number(s->cell, "pause") * 1000),
	};
	struct state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return err_set(e, -ENOMEM, "out of memory");
	ret = ends_open(s, spec.cc, &ends, e);
	if (ret)
		goto free_state;
	rig_chimney_socket(s->rig, socket, sizeof(socket));
	spec.a = (struct tcp_end){ends.a_netns, ends.a_address, ends.a_cpus, socket};
	spec.b = (struct tcp_end){ends.b_netns, ends.b_address, ends.b_cpus, NULL};
	ret = handoff_start(&spec, &state->handoff, e);
	if (ret)
		goto free_state;
	s->state = state;
	return 0;

free_state:
	free(state);
	return ret;
}

static void add_values(struct sample *sample, const struct handoff_result *r)
{
	uint64_t offer, upload, repair;

	sample_percentile(sample, &r->offer, "offer_p50", 50, false);
	sample_percentile(sample, &r->offer, "offer_p99", 99, false);
	sample_percentile(sample, &r->upload, "upload_p50", 50, false);
	sample_percentile(sample, &r->upload, "upload_p99", 99, false);
	sample_percentile(sample, &r->repair, "repair_p50", 50, false);
	sample_percentile(sample, &r->repair, "repair_p99", 99, false);
	if (hist_percentile(&r->offer, 50, &offer) && hist_percentile(&r->upload, 50, &upload) &&
	    hist_percentile(&r->repair, 50, &repair) && repair)
		sample_add(sample, "both_to_repair", "", true,
			   (double)(offer + upload) / (double)repair);
	sample_inform(sample, "moves", "", (double)r->upload.total);
	sample_inform(sample, "refused", "", (double)r->refused);
	sample->raw = json_pack("{s:o, s:o, s:o}", "offer", hist_to_json(&r->offer), "upload",
				hist_to_json(&r->upload), "repair", hist_to_json(&r->repair));
}

/* What flued timed itself: how long nothing of the connection moved. Over the whole run. */
static int add_pauses(struct subject *s, struct sample *sample, const struct handoff_result *r,
		      struct err *e)
{
	struct system_chimney c;
	uint64_t repair;
	int ret = s->rig->system->chimney(s->rig, &c, e);

	if (ret || c.handoff.p50_ns < 0 || c.upload.p50_ns < 0)
		return ret;
	sample_add(sample, "handoff_pause_p50", "ns", true, (double)c.handoff.p50_ns);
	sample_add(sample, "upload_pause_p50", "ns", true, (double)c.upload.p50_ns);
	if (c.handoff.p99_ns >= 0 && c.upload.p99_ns >= 0) {
		sample_add(sample, "handoff_pause_p99", "ns", true, (double)c.handoff.p99_ns);
		sample_add(sample, "upload_pause_p99", "ns", true, (double)c.upload.p99_ns);
	}
	if (hist_percentile(&r->repair, 50, &repair) && repair)
		sample_add(sample, "pauses_to_repair", "", true,
			   (double)(c.handoff.p50_ns + c.upload.p50_ns) / (double)repair);
	return 0;
}

static int handoff_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct state *state = s->state;
	int ret = handoff_run(state->handoff, ends_seconds(s->limits), &state->result, e);

	if (ret)
		return ret;
	if (state->result.why[0])
		sample_spoil(sample, "%s", state->result.why);
	else
		add_values(sample, &state->result);
	return state->result.why[0] ? 0 : add_pauses(s, sample, &state->result, e);
}

static void handoff_close(struct subject *s)
{
	struct state *state = s->state;

	handoff_stop(state->handoff);
	free(state);
}

static int handoff_hold(struct subject *s, bool freeze, struct err *e)
{
	struct state *state = s->state;

	return handoff_freeze(state->handoff, freeze, e);
}

const struct scenario scenario_handoff = {
	.name = "handoff",
	.what = "a TCP connection moved from the kernel to the switch and back",
	.params = params,
	.systems = "flue",
	.wire = handoff_wire,
	.open = handoff_open,
	.sample = handoff_sample,
	.close = handoff_close,
	.freeze = handoff_hold,
};
