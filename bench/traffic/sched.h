/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When each frame of a stream is due. The schedule is fixed before the trial begins and knows
 * nothing of what becomes of the frames: open loop. Pure; one user at a time.
 */
#ifndef BENCH_TRAFFIC_SCHED_H
#define BENCH_TRAFFIC_SCHED_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SCHED_FRACTION = 20, /* bits of a cycle: 100 million frames drift by less than 100 cycles */
	SCHED_IMIX = 12,     /* frames until the mix repeats */
};

/* Times in cycles since the trial's beginning. Frame k is due at phase + k * interval. */
struct sched {
	uint64_t next;	   /* in 1/2^20 cycles */
	uint64_t interval; /* the same */
	uint64_t frames;   /* left */
	uint32_t seq;	   /* of the next */
};

/* frames: how many there are in all. interval: cycles from one to the next; phase: cycles until
 * the first. All times must be below 2^44 cycles (an hour). */
void sched_init(struct sched *s, double interval, double phase, uint64_t frames);

/* How many are due by now, at most max. */
static inline uint32_t sched_due(const struct sched *s, uint64_t now, uint32_t max)
{
	uint64_t at = s->next;
	uint32_t n = 0;

	if (s->frames < max)
		max = (uint32_t)s->frames;
	now = (now << SCHED_FRACTION) | ((1u << SCHED_FRACTION) - 1);
	while (n < max && at <= now) {
		at += s->interval;
		n++;
	}
	return n;
}

/* When the i-th of those still to come is due. */
static inline uint64_t sched_time(const struct sched *s, uint32_t i)
{
	return (s->next + i * s->interval) >> SCHED_FRACTION;
}

static inline void sched_take(struct sched *s, uint32_t n)
{
	s->next += n * s->interval;
	s->frames -= n;
	s->seq += n;
}

/* Which of the sizes 64, 594 and 1518 the k-th frame of the mix has: 0, 1 or 2. 7 : 4 : 1, the
 * larger ones spread evenly. */
extern const uint8_t sched_imix[SCHED_IMIX];
extern const uint16_t sched_imix_bytes[3]; /* with the FCS */

#endif
