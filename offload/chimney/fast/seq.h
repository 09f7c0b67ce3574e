/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sequence numbers, which wrap (RFC 9293 3.4): a is before b when the way from a to b is shorter
 * forwards. Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_SEQ_H
#define OFFLOAD_CHIMNEY_FAST_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_leq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(uint32_t a, uint32_t b)
{
	return seq_lt(b, a);
}

static inline bool seq_geq(uint32_t a, uint32_t b)
{
	return seq_leq(b, a);
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? b : a;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? a : b;
}

/* Is seq acknowledged, when [una, nxt) is in flight? It was in what was sent, and may have been for
 * so long that it seems to be ahead again: then of all that was sent. */
static inline bool seq_past(uint32_t seq, uint32_t una, uint32_t nxt)
{
	return seq_geq(una, seq) || seq_gt(seq, nxt);
}

#endif
