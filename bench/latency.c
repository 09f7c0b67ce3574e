/* SPDX-License-Identifier: BSD-3-Clause */
/* latency: how long frames between two guests take, at shares of the load the switch carries
 * (RFC 2544 26.2, ETSI TST009 12.3). docs/bench-traffic.md */
#include "bench/guests.h"

#include <stdlib.h>
#include <string.h>

static const struct scenario_param params[] = {
	{"size", "64", "64..9018|imix|64k", "bytes of a frame with its FCS; 64k: a TSO unit"},
	{"flows", "1", "1..1000000", "pairs of addresses and UDP ports, each way"},
	{"both", "on", "on|off", "both ways at once"},
	{NULL, NULL, NULL, NULL},
};

enum { SHARES = 4, PERCENTILES = 4, IDLE_PPS = 1000 };

static const double loss_ratio = 0.001;

/* Of the found rate; the first is next to nothing. Corrected latency counts from when a frame was
 * due, raw from when it went. */
static const struct share {
	const char *name;
	double of;
	const char *corrected[PERCENTILES], *raw[2];
} shares[SHARES] = {
	{"none",
	 0,
	 {"p50_none", "p90_none", "p99_none", "p99.9_none"},
	 {"raw_p50_none", "raw_p99_none"}},
	{"10%", 0.1, {"p50_10", "p90_10", "p99_10", "p99.9_10"}, {"raw_p50_10", "raw_p99_10"}},
	{"50%", 0.5, {"p50_50", "p90_50", "p99_50", "p99.9_50"}, {"raw_p50_50", "raw_p99_50"}},
	{"90%", 0.9, {"p50_90", "p90_90", "p99_90", "p99.9_90"}, {"raw_p50_90", "raw_p99_90"}},
};
static const double percents[PERCENTILES] = {50, 90, 99, 99.9};

struct latency {
	struct guests g;
	double found_pps;
	json_t *search; /* how it was found; goes with the first sample */
};

static int latency_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	return guests_wire(cell, 2, false, w, e);
}

static void end(struct latency *l)
{
	guests_close(&l->g);
	json_decref(l->search);
	free(l);
}

/* The rate is found once: all samples of a cell are taken at the same loads. */
static int find_rate(struct latency *l, struct err *e)
{
	struct search_found found = {0};
	int ret = guests_search(&l->g, &loss_ratio, 1, &found, e);

	if (ret == GUESTS_TRIAL_INVALID)
		return err_set(e, -EBUSY, "no undisturbed trial to find the rate: %s", l->g.why);
	if (ret != 0)
		return ret;
	l->search = guests_data(&l->g, &loss_ratio, 1, &found);
	if (!found.lower_known)
		return err_set(e, -EIO, "no load was found that loses at most %g %%",
			       100 * loss_ratio);
	l->found_pps = found.lower;
	return 0;
}

static int latency_open(struct subject *s, struct err *e)
{
	struct latency *l = calloc(1, sizeof(*l));
	int ret;

	if (!l)
		return err_set(e, -ENOMEM, "out of memory");
	l->g.base = guests_pairs(s);
	ret = guests_open(s, &l->g, e);
	if (ret == 0)
		ret = guests_teach(&l->g, e);
	if (ret == 0)
		ret = find_rate(l, e);
	if (ret != 0) {
		end(l);
		return ret;
	}
	s->state = l;
	return 0;
}

static void latency_close(struct subject *s)
{
	end(s->state);
	s->state = NULL;
}

/* What a trial says; a percentile with too few frames beyond it is left out. */
static void add(struct sample *sample, const struct share *share, const struct traffic_result *r)
{
	uint64_t ns;

	for (int i = 0; i < PERCENTILES; i++)
		if (hist_percentile(r->corrected, percents[i], &ns))
			sample_add(sample, share->corrected[i], "us", true, (double)ns / 1e3);
	for (int i = 0; i < 2; i++)
		if (hist_percentile(r->raw, i ? 99 : 50, &ns))
			sample_inform(sample, share->raw[i], "us", (double)ns / 1e3);
}

static int latency_sample(struct subject *s, struct sample *sample, struct err *e)
{
	double seconds = s->limits->seconds > 0 ? s->limits->seconds : 1;
	struct latency *l = s->state;
	json_t *data, *list = json_array();
	int ret = guests_teach(&l->g, e);

	for (int i = 0; ret == 0 && i < SHARES; i++) {
		struct traffic_trial trial = l->g.base;
		struct traffic_result r;

		trial.pps = shares[i].of > 0 ? shares[i].of * l->found_pps : IDLE_PPS;
		trial.seconds = seconds;
		trial.latency = true;
		s->say(s, "latency at %s of %.3f Mpps", shares[i].name, l->found_pps / 1e6);
		ret = guests_trial(&l->g, &trial, &r, e);
		if (ret != 0)
			break;
		add(sample, &shares[i], &r);
		json_array_append_new(list, json_pack("{s:f,s:f,s:o,s:o}", "load", trial.pps,
						      "share", shares[i].of, "corrected",
						      hist_to_json(r.corrected), "raw",
						      hist_to_json(r.raw)));
		traffic_result_clear(&r);
	}
	if (ret == GUESTS_TRIAL_INVALID)
		sample_spoil(sample, "%s", l->g.why);
	data = guests_data(&l->g, NULL, 0, NULL);
	json_object_set_new(data, "latency", list);
	if (l->search)
		json_object_set_new(data, "search", l->search);
	l->search = NULL;
	sample->raw = data;
	return ret < 0 ? ret : 0;
}

const struct scenario scenario_latency = {
	.name = "latency",
	.what = "how long frames take at none, 10, 50 and 90 % of the load that is carried",
	.params = params,
	.systems = "flue testpmd testpmd-mac ovs-dpdk",
	.ceiling = "mirror",
	.floor_metric = "p50_none",
	.watches = true,
	.wire = latency_wire,
	.open = latency_open,
	.sample = latency_sample,
	.close = latency_close,
};
