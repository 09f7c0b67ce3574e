/* SPDX-License-Identifier: BSD-3-Clause */
/* What a stream carries: each byte follows from the stream and its place. Any thread. */
#ifndef TESTS_CHIM_PATTERN_H
#define TESTS_CHIM_PATTERN_H

#include <stddef.h>
#include <stdint.h>

static inline uint8_t pattern_at(uint32_t stream, uint64_t pos)
{
	return (uint8_t)((pos + stream) * UINT64_C(0x9e3779b97f4a7c15) >> 56 ^ pos >> 13);
}

static inline void pattern_fill(uint32_t stream, uint64_t pos, uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = pattern_at(stream, pos + i);
}

/* The first byte that is wrong, or len. */
static inline size_t pattern_check(uint32_t stream, uint64_t pos, const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] == pattern_at(stream, pos + i))
		i++;
	return i;
}

#endif
