/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/sched.h"

const uint8_t sched_imix[SCHED_IMIX] = {0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 0, 1};
const uint16_t sched_imix_bytes[3] = {64, 594, 1518};

void sched_init(struct sched *s, double interval, double phase, uint64_t frames)
{
	const double one = 1u << SCHED_FRACTION;

	s->interval = (uint64_t)(interval * one + 0.5);
	s->next = (uint64_t)(phase * one + 0.5);
	s->frames = frames;
	s->seq = 0;
}
