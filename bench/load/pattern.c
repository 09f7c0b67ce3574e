/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The second word: a mark above the generation. */
#define MARK ((uint64_t)0x666c7565 << 32)

int pattern_init(struct pattern *p, uint64_t sectors, size_t sector_bytes)
{
	*p = (struct pattern){.sectors = sectors, .sector_bytes = sector_bytes};
	if (!sectors || sector_bytes < 16 || sector_bytes % 8)
		return -EINVAL;
	p->generation = calloc(sectors, sizeof(*p->generation));
	return p->generation ? 0 : -ENOMEM;
}

void pattern_clear(struct pattern *p)
{
	free(p->generation);
	p->generation = NULL;
}

/* The words after the first two: an odd step makes neighbours and generations differ in all of
 * them, and no two words of a sector equal. */
static uint64_t seed_of(uint64_t lba, uint32_t generation)
{
	uint64_t x = lba * 0x9e3779b97f4a7c15u ^ (uint64_t)generation * 0xd1342543de82ef95u;

	x ^= x >> 32;
	return x * 0xbf58476d1ce4e5b9u;
}
#define STEP 0x94d049bb133111ebu

void pattern_write(struct pattern *p, void *data, uint64_t lba, size_t n)
{
	size_t words = p->sector_bytes / 8;
	uint64_t *out = data;

	for (size_t i = 0; i < n; i++, lba++) {
		uint32_t generation = ++p->generation[lba];
		uint64_t x;

		if (!generation) /* after 2^32 writes */
			generation = ++p->generation[lba];
		x = seed_of(lba, generation);
		*out++ = lba;
		*out++ = MARK | generation;
		for (size_t w = 2; w < words; w++, x += STEP)
			*out++ = x;
	}
}

void pattern_forget(struct pattern *p, uint64_t lba, size_t n)
{
	memset(p->generation + lba, 0, n * sizeof(*p->generation));
}

static void tell(const uint64_t *in, uint64_t lba, uint32_t expected, struct pattern_seen *seen)
{
	if (seen->wrong++)
		return;
	if (in[1] >> 32 != MARK >> 32)
		snprintf(seen->first, sizeof(seen->first),
			 "sector %llu holds nothing that was written", (unsigned long long)lba);
	else if (in[0] != lba)
		snprintf(seen->first, sizeof(seen->first),
			 "sector %llu holds what was written to %llu", (unsigned long long)lba,
			 (unsigned long long)in[0]);
	else if ((uint32_t)in[1] != expected)
		snprintf(seen->first, sizeof(seen->first),
			 "sector %llu holds write number %u, not number %u",
			 (unsigned long long)lba, (uint32_t)in[1], expected);
	else
		snprintf(seen->first, sizeof(seen->first), "sector %llu is damaged",
			 (unsigned long long)lba);
}

static bool right(const uint64_t *in, size_t words, uint64_t lba, uint32_t generation)
{
	uint64_t x = seed_of(lba, generation), differs;

	differs = (in[0] ^ lba) | (in[1] ^ (MARK | generation));
	for (size_t w = 2; w < words; w++, x += STEP)
		differs |= in[w] ^ x;
	return !differs;
}

void pattern_check(const struct pattern *p, const void *data, uint64_t lba, size_t n,
		   struct pattern_seen *seen)
{
	size_t words = p->sector_bytes / 8;
	const uint64_t *in = data;

	for (size_t i = 0; i < n; i++, lba++, in += words) {
		uint32_t expected = p->generation[lba];

		if (!expected) {
			seen->unknown++;
			continue;
		}
		seen->checked++;
		if (!right(in, words, lba, expected))
			tell(in, lba, expected, seen);
	}
}
