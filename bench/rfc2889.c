/* SPDX-License-Identifier: BSD-3-Clause */
/* rfc2889: a switch as a learning bridge (RFC 2889). docs/bench-traffic.md */
#include "bench/guests.h"

#include <stdlib.h>
#include <string.h>

static const struct scenario_param params[] = {
	{"test", "learning", "learning|capacity|pressure|broadcast",
	 "address learning rate, address caching capacity, forward pressure, broadcast"},
	{"size", "64", "64..9018|imix|64k", "bytes of a frame with its FCS"},
	{"flows", "1", "1..1000000", "pairs of addresses each way (pressure)"},
	{"ports", "3", "3..8", "ports of the switch"},
	{"addresses", "10000", "1..1000000",
	 "how many are learned at once, more than the 1024 a ring holds; capacity: how many it is "
	 "set up for"},
	{NULL, NULL, NULL, NULL},
};

enum {
	RATE_LEAST = 1000, /* addresses a second */
	RATE_MOST = 4000000,
	CAPACITY_LEAST = 16,
	CAPACITY_PPS = 20000, /* slow enough for any switch to learn */
	ROOM = 64,	      /* trials of the learning rate that a table must have room for */
};

static const double learning_width = 0.05, capacity_width = 0.01, settle_seconds = 0.1,
		    late_share = 0.1, loss_ratio = 0.001;

struct rfc2889 {
	struct guests g;
	int (*test)(struct rfc2889 *r, struct sample *sample, struct err *e);
	uint32_t addresses;
	double start; /* what the sample before found; 0: none */
};

static bool is(const struct cell *cell, const char *test)
{
	return !strcmp(cell_text(cell, "test"), test);
}

static int rfc2889_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	double addresses = cell_number(cell, "addresses");
	int ret = guests_wire(cell, (size_t)cell_number(cell, "ports"), is(cell, "capacity"), w, e);

	/* Each trial of the learning rate brings new addresses, and none may be missing for want of
	 * room. */
	w->fdb = (unsigned int)(is(cell, "learning") ? addresses * ROOM : addresses);
	if (is(cell, "pressure") && w->n_ports % 2)
		w->n_ports--; /* in pairs */
	return ret;
}

/* One trial of learning: were all that were announced known? */
static int learned(struct rfc2889 *r, uint32_t addresses, double pps, bool *all, struct err *e)
{
	struct traffic_trial trial = r->g.base;
	struct traffic_result res;
	int ret;

	trial.pattern = TRAFFIC_LEARN;
	trial.flows = addresses;
	trial.pps = pps;
	trial.seconds = 1; /* as long as the addresses take */
	ret = guests_trial(&r->g, &trial, &res, e);
	if (ret != 0)
		return ret;
	/* Announced more slowly than asked for is not announced at that rate. */
	*all = res.received == res.offered && res.stray == 0 &&
	       (double)res.late_ns <= late_share * addresses / pps * 1e9;
	return 0;
}

/* RFC 2889 5.8: the highest rate at which all addresses are learned. Bisection on a logarithmic
 * scale. */
static int learning_rate(struct rfc2889 *r, struct sample *sample, struct err *e)
{
	struct subject *s = r->g.subject;
	double lower = 0, upper = RATE_MOST, pps = r->start > 0 ? r->start : 100000;
	int ret = 0;

	while (ret == 0 && (lower == 0 || (upper - lower) / upper > learning_width)) {
		bool all = false;

		if (s->interrupted())
			return GUESTS_TRIAL_INVALID;
		ret = learned(r, r->addresses, pps, &all, e);
		if (ret != 0)
			break;
		*(all ? &lower : &upper) = pps;
		s->say(s, "%.0f to %.0f addresses a second", lower, upper);
		if (lower >= RATE_MOST || upper <= RATE_LEAST)
			break;
		/* Until one holds, down by halves; until one fails, up by doubling. */
		pps = lower == 0 ? upper / 2 : upper >= RATE_MOST ? lower * 2 : (lower + upper) / 2;
		pps = pps > RATE_MOST ? RATE_MOST : pps < RATE_LEAST ? RATE_LEAST : pps;
	}
	if (ret == 0 && lower == 0)
		sample_spoil(sample, "not even at %d addresses a second were all learned",
			     RATE_LEAST);
	else if (ret == 0)
		sample_add(sample, "learning_rate", "addresses/s", false, lower);
	r->start = lower;
	return ret;
}

/* Begins with an empty table. */
static int forget(struct rfc2889 *r, struct err *e)
{
	struct rig *rig = r->g.subject->rig;
	int ret = rig->system->restart(rig, e);

	return ret == 0 ? traffic_ready(r->g.traffic, 30000, e) : ret;
}

/* RFC 2889 5.7: how many addresses are known at the same time. */
static int capacity(struct rfc2889 *r, struct sample *sample, struct err *e)
{
	struct subject *s = r->g.subject;
	uint32_t most = r->addresses * 4, lower = 0, upper = 0;
	uint32_t n = r->start > 0 ? (uint32_t)r->start : r->addresses;
	int ret = 0;

	while (ret == 0 &&
	       (lower == 0 || upper == 0 || (double)(upper - lower) / upper > capacity_width)) {
		bool all = false;

		if (s->interrupted())
			return GUESTS_TRIAL_INVALID;
		ret = forget(r, e);
		if (ret == 0)
			ret = learned(r, n, CAPACITY_PPS, &all, e);
		if (ret != 0)
			break;
		*(all ? &lower : &upper) = n;
		s->say(s, "%u to %u addresses", lower, upper ? upper : most);
		if (lower >= most || (upper && upper <= CAPACITY_LEAST) || upper == lower + 1)
			break;
		n = lower == 0 ? upper / 2 : upper == 0 ? lower * 2 : lower + (upper - lower) / 2;
		n = n > most ? most : n < CAPACITY_LEAST ? CAPACITY_LEAST : n;
	}
	if (ret == 0 && lower == 0)
		sample_spoil(sample, "not even %d addresses were all learned", CAPACITY_LEAST);
	else if (ret == 0)
		sample_add(sample, "address_capacity", "addresses", false, lower);
	if (ret == 0 && lower >= most)
		sample_inform(sample, "capacity_not_reached", "", 1);
	r->start = lower;
	return ret;
}

/* RFC 2889 5.4: what is left of the forwarding rate when more is offered than can be carried. A
 * virtual port has no gaps between frames to shorten, so pressure here is the offered load. */
static int pressure(struct rfc2889 *r, struct sample *sample, struct err *e)
{
	static const double steps[] = {0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5};
	double at_most = 0, best = 0;
	int ret = guests_overload(&r->g, r->g.base.seconds, &at_most, e);

	for (size_t i = 0; ret == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct traffic_trial trial = r->g.base;
		struct traffic_result res;
		double rate;

		if (r->g.subject->interrupted())
			return GUESTS_TRIAL_INVALID;
		trial.pps = at_most * steps[i];
		ret = guests_trial(&r->g, &trial, &res, e);
		if (ret != 0)
			break;
		rate = res.seconds > 0 ? (double)res.received / res.seconds : 0;
		best = rate > best ? rate : best;
	}
	if (ret != 0)
		return ret;
	best = at_most > best ? at_most : best;
	sample_add(sample, "max_forwarding_rate", "pps", false, best);
	sample_add(sample, "forwarding_rate_at_max_load", "pps", false, at_most);
	sample_inform(sample, "pressure_kept", "", best > 0 ? at_most / best : 0);
	return 0;
}

/* RFC 2889 5.9: frames to everybody. */
static int broadcast(struct rfc2889 *r, struct sample *sample, struct err *e)
{
	struct traffic_trial trial;
	struct traffic_result res;
	struct search_found found = {0};
	uint64_t ns;
	int ret = guests_search(&r->g, &loss_ratio, 1, &found, e);

	if (ret != 0)
		return ret;
	if (!found.lower_known) {
		sample_spoil(sample, "no load was found that loses at most %g %%",
			     100 * loss_ratio);
		return 0;
	}
	sample_add(sample, "broadcast_rate", "pps", false, found.lower);
	trial = r->g.base;
	trial.pps = found.lower / 10;
	trial.latency = true;
	ret = guests_trial(&r->g, &trial, &res, e);
	if (ret != 0)
		return ret;
	if (hist_percentile(res.corrected, 50, &ns))
		sample_add(sample, "broadcast_p50", "us", true, (double)ns / 1e3);
	if (hist_percentile(res.corrected, 99, &ns))
		sample_add(sample, "broadcast_p99", "us", true, (double)ns / 1e3);
	traffic_result_clear(&res);
	return 0;
}

static int prepare(struct subject *s, struct rfc2889 *r, struct err *e)
{
	static const struct {
		const char *word;
		int (*test)(struct rfc2889 *r, struct sample *sample, struct err *e);
	} tests[] = {{"learning", learning_rate},
		     {"capacity", capacity},
		     {"pressure", pressure},
		     {"broadcast", broadcast}};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		if (is(s->cell, tests[i].word))
			r->test = tests[i].test;
	if (!strncmp(s->rig->system->name, "testpmd", 7) || !strcmp(s->rig->system->name, "mirror"))
		return err_set(e, -ENOTSUP,
			       "%s hands frames from one port of a pair to the other and learns no "
			       "addresses: this test says nothing of it",
			       s->name);
	if (is(s->cell, "capacity") && !s->rig->system->restart)
		return err_set(e, -ENOTSUP, "%s cannot be restarted, which empties its table",
			       s->name);
	return 0;
}

static int rfc2889_open(struct subject *s, struct err *e)
{
	struct rfc2889 *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return err_set(e, -ENOMEM, "out of memory");
	r->addresses = (uint32_t)cell_number(s->cell, "addresses");
	r->g.base = (struct traffic_trial){
		.pattern = is(s->cell, "broadcast") ? TRAFFIC_BROADCAST : TRAFFIC_PAIRS,
		.frame_bytes = guests_frame_bytes(s->cell),
		.flows = (uint32_t)cell_number(s->cell, "flows"),
		.both_ways = true,
		.seconds = s->limits->seconds > 0 ? s->limits->seconds : 0.4,
		.settle_seconds = settle_seconds,
		.content = true,
	};
	ret = prepare(s, r, e);
	if (ret == 0)
		ret = guests_open(s, &r->g, e);
	if (ret == 0 && is(s->cell, "pressure"))
		ret = guests_teach(&r->g, e);
	if (ret != 0) {
		guests_close(&r->g);
		free(r);
		return ret;
	}
	s->state = r;
	return 0;
}

static void rfc2889_close(struct subject *s)
{
	struct rfc2889 *r = s->state;

	guests_close(&r->g);
	free(r);
	s->state = NULL;
}

static int rfc2889_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct rfc2889 *r = s->state;
	int ret = is(s->cell, "pressure") ? guests_teach(&r->g, e) : 0;

	if (ret == 0)
		ret = r->test(r, sample, e);
	if (ret == GUESTS_TRIAL_INVALID)
		sample_spoil(sample, "%s", s->interrupted() ? "interrupted" : r->g.why);
	sample->raw = guests_data(&r->g, NULL, 0, NULL);
	return ret < 0 ? ret : 0;
}

const struct scenario scenario_rfc2889 = {
	.name = "rfc2889",
	.what = "learning rate, address capacity, forward pressure and broadcast of a switch",
	.params = params,
	.systems = "flue ovs-dpdk",
	.watches = true,
	.wire = rfc2889_wire,
	.open = rfc2889_open,
	.sample = rfc2889_sample,
	.close = rfc2889_close,
};
