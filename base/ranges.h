/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of small numbers written as people write them: "10,20-30". Used for VLAN ids and cores.
 */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses text into the bitmap `bits` of `nbits` bits (nbits a multiple of 64; bit i of word i/64),
 * which is cleared first. Numbers must lie in min..max < nbits. "" is the empty set.
 * 0, or -EINVAL (not such a list, bits is cleared) or -ERANGE (a number outside min..max). Any
 * thread. */
int ranges_parse(const char *text, uint64_t *bits, unsigned int nbits, unsigned int min,
		 unsigned int max);

/* Writes the shortest such text, NUL-terminated. Returns its length, or -ENOSPC. Any thread. */
int ranges_format(const uint64_t *bits, unsigned int nbits, char *text, size_t size);

static inline bool ranges_test(const uint64_t *bits, unsigned int i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static inline void ranges_set(uint64_t *bits, unsigned int i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void ranges_clear(uint64_t *bits, unsigned int i)
{
	bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

#endif
