/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Round-trip time: RFC 6298's estimate and retransmission timeout, and the minimum of the last five
 * minutes. As Linux does, the least is put on the variation's part: RTO = SRTT + max(200 ms,
 * 4 RTTVAR), because receivers may delay acknowledgments for up to 200 ms whatever the path is.
 *
 * All times in microseconds but `now`, which is nanoseconds. All functions: the worker.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_RTT_H
#define OFFLOAD_CHIMNEY_FAST_RTT_H

#include <stdint.h>

enum {
	CHIM_RTO_INITIAL_US = 1000000, /* RFC 6298 2.1 */
	CHIM_RTO_VAR_MIN_US = 200000,
	CHIM_RTO_MAX_US = 120000000,
	CHIM_RTT_MIN_WINDOW_MS = 300000,
	CHIM_RTT_MAX_US = 60000000, /* longer samples count as this */
};

/* One of the three best candidates for the minimum (Kathleen Nichols' algorithm): the first is the
 * minimum of the window, the others the minima of what came after the one before. */
struct chim_rtt_min {
	uint32_t at_ms, us;
};

struct chim_rtt {
	uint32_t srtt8;	  /* smoothed, times 8; 0: no sample yet */
	uint32_t rttvar4; /* mean deviation, times 4 */
	uint32_t rto_us;  /* without backoff */
	uint32_t last_us; /* the last sample */
	uint8_t backoff;  /* times the RTO was doubled */
	struct chim_rtt_min min[3];
};

/* From what another host of the connection knew; 0: not known. */
void chim_rtt_init(struct chim_rtt *r, uint32_t srtt_us, uint32_t rttvar_us, uint32_t min_rtt_us,
		   uint64_t now);

/* A measurement: of a segment sent once, from its send time (Karn's algorithm is the caller's), or
 * from an echoed timestamp. Ends the backoff (RFC 6298 5.7). At most once an acknowledgment. */
void chim_rtt_sample(struct chim_rtt *r, uint32_t rtt_us, uint64_t now);

/* As chim_rtt_sample(), from timestamps, in milliseconds of the clock that TSvals are taken from:
 * too coarse for the minimum, which stays. An echo from the future is ignored. */
void chim_rtt_sample_ts(struct chim_rtt *r, uint32_t ts_now, uint32_t tsecr);

/* The retransmission timer expired (RFC 6298 5.5). */
void chim_rtt_backoff(struct chim_rtt *r);

/* No backoff any more without a sample: what had timed out was acknowledged. */
static inline void chim_rtt_recovered(struct chim_rtt *r)
{
	r->backoff = 0;
}

/* The timeout now, with backoff. */
uint32_t chim_rtt_rto_us(const struct chim_rtt *r);

/* 0: not known. */
static inline uint32_t chim_rtt_srtt_us(const struct chim_rtt *r)
{
	return r->srtt8 >> 3;
}

static inline uint32_t chim_rtt_var_us(const struct chim_rtt *r)
{
	return r->rttvar4 >> 2;
}

static inline uint32_t chim_rtt_min_us(const struct chim_rtt *r)
{
	return r->min[0].us;
}

#endif
