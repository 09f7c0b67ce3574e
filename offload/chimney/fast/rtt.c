/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/rtt.h"

#include <string.h>

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* SRTT + max(least, 4 RTTVAR). */
static void set_rto(struct chim_rtt *r)
{
	uint64_t rto = (uint64_t)(r->srtt8 >> 3) + max(CHIM_RTO_VAR_MIN_US, r->rttvar4);

	r->rto_us = rto < CHIM_RTO_MAX_US ? (uint32_t)rto : CHIM_RTO_MAX_US;
}

/* Older candidates than the window give way to the next. */
static void expire(struct chim_rtt *r, const struct chim_rtt_min *s)
{
	uint32_t age = s->at_ms - r->min[0].at_ms;

	if (age > CHIM_RTT_MIN_WINDOW_MS) {
		r->min[0] = r->min[1];
		r->min[1] = r->min[2];
		r->min[2] = *s;
		if (s->at_ms - r->min[0].at_ms > CHIM_RTT_MIN_WINDOW_MS) {
			r->min[0] = r->min[1];
			r->min[1] = r->min[2];
		}
	} else if (r->min[1].at_ms == r->min[0].at_ms && age > CHIM_RTT_MIN_WINDOW_MS / 4) {
		/* A quarter of the window has passed without a second candidate. */
		r->min[1] = *s;
		r->min[2] = *s;
	} else if (r->min[2].at_ms == r->min[1].at_ms && age > CHIM_RTT_MIN_WINDOW_MS / 2) {
		r->min[2] = *s;
	}
}

static void note_min(struct chim_rtt *r, uint32_t us, uint64_t now)
{
	struct chim_rtt_min s = {.at_ms = (uint32_t)(now / 1000000), .us = us};

	if (r->min[0].us == 0 || us <= r->min[0].us ||
	    s.at_ms - r->min[2].at_ms > CHIM_RTT_MIN_WINDOW_MS) {
		r->min[0] = s;
		r->min[1] = s;
		r->min[2] = s;
		return;
	}
	if (us <= r->min[1].us) {
		r->min[1] = s;
		r->min[2] = s;
	} else if (us <= r->min[2].us) {
		r->min[2] = s;
	}
	expire(r, &s);
}

/* RFC 6298 2.2 and 2.3, with the fractions kept. */
static void estimate(struct chim_rtt *r, uint32_t us)
{
	uint32_t srtt = r->srtt8 >> 3;
	uint32_t off = us > srtt ? us - srtt : srtt - us;

	if (r->srtt8 == 0) {
		r->srtt8 = us << 3;
		r->rttvar4 = us << 1;
	} else {
		r->rttvar4 = r->rttvar4 - (r->rttvar4 >> 2) + off;
		r->srtt8 = r->srtt8 - srtt + us;
	}
	r->last_us = us;
	r->backoff = 0;
	set_rto(r);
}

static uint32_t sane(uint32_t us)
{
	return us > CHIM_RTT_MAX_US ? CHIM_RTT_MAX_US : max(us, 1);
}

void chim_rtt_init(struct chim_rtt *r, uint32_t srtt_us, uint32_t rttvar_us, uint32_t min_rtt_us,
		   uint64_t now)
{
	memset(r, 0, sizeof(*r));
	r->rto_us = CHIM_RTO_INITIAL_US;
	if (min_rtt_us > 0)
		note_min(r, sane(min_rtt_us), now);
	if (srtt_us == 0)
		return;
	estimate(r, sane(srtt_us));
	if (rttvar_us > 0)
		r->rttvar4 = sane(rttvar_us) << 2;
	set_rto(r);
}

void chim_rtt_sample(struct chim_rtt *r, uint32_t rtt_us, uint64_t now)
{
	rtt_us = sane(rtt_us);
	note_min(r, rtt_us, now);
	estimate(r, rtt_us);
}

void chim_rtt_sample_ts(struct chim_rtt *r, uint32_t ts_now, uint32_t tsecr)
{
	uint32_t ms = ts_now - tsecr;

	if (ms > INT32_MAX)
		return; /* an echo of what was not sent yet */
	if (ms > CHIM_RTT_MAX_US / 1000)
		ms = CHIM_RTT_MAX_US / 1000;
	estimate(r, max(ms, 1) * 1000);
}

void chim_rtt_backoff(struct chim_rtt *r)
{
	if (chim_rtt_rto_us(r) < CHIM_RTO_MAX_US)
		r->backoff++;
}

uint32_t chim_rtt_rto_us(const struct chim_rtt *r)
{
	uint64_t rto = (uint64_t)r->rto_us << r->backoff;

	return rto < CHIM_RTO_MAX_US ? (uint32_t)rto : CHIM_RTO_MAX_US;
}
