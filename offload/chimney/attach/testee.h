/* SPDX-License-Identifier: BSD-3-Clause */
/* The streams that the tests' program and its peer send each other: any byte tells its place. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_TESTEE_H
#define OFFLOAD_CHIMNEY_ATTACH_TESTEE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { STREAM_PERIOD = 65521, STREAM_CHUNK = 1 << 20 };

enum stream { STREAM_TO_PROGRAM = 0x5a17, STREAM_TO_PEER = 0x93e5 };

struct pattern {
	uint8_t byte[STREAM_PERIOD + STREAM_CHUNK];
};

static inline void pattern_init(struct pattern *p, enum stream seed)
{
	uint32_t x = seed;

	for (int i = 0; i < STREAM_PERIOD; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p->byte[i] = (uint8_t)x;
	}
	for (int i = STREAM_PERIOD; i < STREAM_PERIOD + STREAM_CHUNK; i++)
		p->byte[i] = p->byte[i - STREAM_PERIOD];
}

/* What is to be sent from position pos on: STREAM_CHUNK bytes. */
static inline const uint8_t *pattern_at(const struct pattern *p, uint64_t pos)
{
	return p->byte + pos % STREAM_PERIOD;
}

static inline bool pattern_is(const struct pattern *p, uint64_t pos, const uint8_t *got, size_t n)
{
	return memcmp(pattern_at(p, pos), got, n) == 0;
}

#endif
