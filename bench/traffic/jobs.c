/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/jobs.h"

enum {
	TEACH_ROUNDS = 6,
	TEACH_PPS = 100000,
	ASK_PPS = 50000,
	STATION = 0xfe, /* an address of a port's own, beside those of flows */
};

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* Flow 0's address behind a port. */
static void address(uint8_t *mac, size_t port)
{
	memcpy(mac, (const uint8_t[6]){0x02, (uint8_t)port}, 6);
}

static void station(uint8_t *mac, size_t port)
{
	memcpy(mac, (const uint8_t[6]){0x02, (uint8_t)port, STATION, 0, 0, 1}, 6);
}

/* New ones in each trial: nobody has learned them yet. */
static void announced(uint8_t *mac, uint16_t trial)
{
	memcpy(mac, (const uint8_t[6]){0x06, (uint8_t)(trial >> 8), (uint8_t)trial}, 6);
}

static void stream(struct gen_job *job, size_t from, size_t to)
{
	struct frame_ends *ends = &job->port[from].ends;

	job->port[from].sends = true;
	job->port[to].from = (uint8_t)from;
	ends->src_host = (uint8_t)(from + 1);
	ends->dst_host = (uint8_t)(to + 1);
	ends->src_varies = ends->dst_varies = true;
	address(ends->src, from);
	address(ends->dst, to);
}

static void plan_learn(struct gen_job *job, bool asking)
{
	struct frame_ends *ends = &job->port[asking].ends;

	stream(job, asking, !asking);
	if (asking) {
		station(ends->src, 1);
		announced(ends->dst, job->trial);
		ends->src_varies = false;
	} else {
		announced(ends->src, job->trial);
		station(ends->dst, 1);
		ends->dst_varies = false;
	}
}

void jobs_plan(struct gen_job *job, size_t n_ports, uint16_t number,
	       const struct traffic_trial *trial, bool asking)
{
	unsigned int senders = 0;

	*job = (struct gen_job){
		.trial = number,
		.frame_bytes = trial->frame_bytes,
		.flows = trial->flows,
		.seconds = trial->seconds,
		.settle_seconds = trial->settle_seconds,
		.latency = trial->latency,
		.track = trial->track,
		.content = trial->content,
	};
	for (size_t i = 0; i < n_ports; i++)
		job->port[i].from = GEN_NOBODY;
	switch (trial->pattern) {
	case TRAFFIC_PAIRS:
		for (size_t i = 0; i + 1 < n_ports; i += 2) {
			stream(job, i, i + 1);
			if (trial->both_ways)
				stream(job, i + 1, i);
		}
		break;
	case TRAFFIC_BROADCAST:
		for (size_t i = 1; i < n_ports; i++)
			stream(job, 0, i);
		memcpy(job->port[0].ends.dst, everybody, 6);
		job->port[0].ends.dst_varies = false;
		break;
	case TRAFFIC_LEARN:
		plan_learn(job, asking);
		break;
	case TRAFFIC_SILENT:
		break;
	}
	for (size_t i = 0; i < n_ports; i++)
		senders += job->port[i].sends;
	if (senders)
		job->pps = trial->pps / senders;
	job->frames = (uint64_t)(job->pps * trial->seconds + 0.5);
	if (trial->pattern == TRAFFIC_LEARN) {
		job->frames = trial->flows;
		if (asking && job->pps > ASK_PPS)
			job->pps = ASK_PPS;
	}
}

int jobs_check(const struct tports *ports, const struct traffic_trial *t, struct err *e)
{
	size_t least = t->pattern == TRAFFIC_LEARN ? 3 : t->pattern == TRAFFIC_SILENT ? 1 : 2;

	if (ports->n < least)
		return err_set(e, -EINVAL, "the pattern needs %zu ports, and there are %zu", least,
			       ports->n);
	if (t->pattern == TRAFFIC_LEARN && t->pps <= 0)
		return err_set(e, -EINVAL, "addresses are announced at a rate; give pps");
	if (t->frame_bytes == TRAFFIC_UNIT && !ports->tso)
		return err_set(e, -EINVAL, "units need ports with TSO");
	if (t->frame_bytes != TRAFFIC_UNIT &&
	    (t->frame_bytes == TRAFFIC_IMIX ? 1518u : t->frame_bytes) > ports->mtu + 18)
		return err_set(e, -EINVAL, "%u-byte frames do not fit an MTU of %u", t->frame_bytes,
			       ports->mtu);
	if (t->pps > 0 && t->pattern != TRAFFIC_SILENT && t->pattern != TRAFFIC_LEARN &&
	    t->pps * t->seconds < 1)
		return err_set(e, -EINVAL, "not one frame is due in %g s", t->seconds);
	return 0;
}

/* Never 0, which stands in untouched memory. */
static uint16_t next_number(void)
{
	static uint16_t number;

	if (++number == 0)
		number = 1;
	return number;
}

/* Makes port 1's own address known, so that what is announced to it does not flood. */
static int introduce(struct gen *g, struct err *e)
{
	const struct traffic_trial one = {.frame_bytes = 64,
					  .flows = 1,
					  .pps = 1000,
					  .seconds = 0.004,
					  .settle_seconds = 0.05};
	struct traffic_result r = {0};
	struct gen_job job;

	jobs_plan(&job, g->ports->n, next_number(), &one, false);
	job.port[0].sends = false;
	job.port[1].from = GEN_NOBODY;
	stream(&job, 1, 0);
	station(job.port[1].ends.src, 1);
	return gen_run(g, &job, &r, e);
}

int jobs_run(struct gen *g, const struct traffic_trial *trial, struct traffic_result *r,
	     struct err *e)
{
	uint16_t number = next_number();
	struct gen_job job;
	int ret = jobs_check(g->ports, trial, e);

	if (ret == 0 && trial->pattern == TRAFFIC_LEARN)
		ret = introduce(g, e);
	if (ret != 0)
		return ret;
	jobs_plan(&job, g->ports->n, number, trial, false);
	ret = gen_run(g, &job, r, e);
	if (ret == 0 && trial->pattern == TRAFFIC_LEARN) {
		jobs_plan(&job, g->ports->n, number, trial, true);
		ret = gen_run(g, &job, r, e);
	}
	return ret;
}

int jobs_teach(struct gen *g, const struct traffic_trial *trial, struct err *e)
{
	struct traffic_trial all = {.pattern = TRAFFIC_PAIRS,
				    .frame_bytes = 64,
				    .flows = trial->flows,
				    .both_ways = true,
				    .seconds = 1};
	struct traffic_result r = {0};
	struct gen_job job;
	int ret = 0;

	/* In the first round everything floods, and a queue may overflow. A slower and more patient
	 * round follows one that was not perfect. */
	for (unsigned int round = 0; ret == 0 && round < TEACH_ROUNDS; round++) {
		all.pps = 2.0 * TEACH_PPS / (1 + round);
		all.settle_seconds = 0.02 * (1u << round);
		jobs_plan(&job, g->ports->n, next_number(), &all, false);
		job.frames = trial->flows;
		r = (struct traffic_result){0};
		ret = gen_run(g, &job, &r, e);
		if (ret == 0 && round && r.received == r.offered && !r.stray)
			return 0;
	}
	if (ret == 0 && r.received < r.offered - r.offered / 100)
		ret = err_set(e, -EIO, "the switch lost %lu of %lu frames at %u a second",
			      r.offered - r.received, r.offered, (unsigned int)all.pps);
	/* A few lost ones are learned in the trial. More than the switch can learn stay unknown,
	 * and flood; that is a part of what is measured. */
	return ret;
}
