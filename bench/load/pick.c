/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/pick.h"

#include <errno.h>
#include <stdlib.h>

int pick_init(struct pick *p, uint64_t blocks, unsigned int depth, bool random, uint64_t seed)
{
	*p = (struct pick){.blocks = blocks, .random = random};
	/* Zero is the one state it never leaves. */
	p->random_state = seed ? seed : 1;
	if (blocks <= depth)
		return -EINVAL;
	p->busy = calloc((blocks + 63) / 64, sizeof(*p->busy));
	return p->busy ? 0 : -ENOMEM;
}

void pick_clear(struct pick *p)
{
	free(p->busy);
	p->busy = NULL;
}

uint64_t pick_random(struct pick *p)
{
	uint64_t x = p->random_state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	p->random_state = x;
	return x * 0x2545f4914f6cdd1du;
}

static bool is_busy(const struct pick *p, uint64_t block)
{
	return p->busy[block / 64] >> block % 64 & 1;
}

uint64_t pick_next(struct pick *p)
{
	uint64_t block = p->random ? pick_random(p) % p->blocks : p->next;

	while (is_busy(p, block))
		block = (block + 1) % p->blocks;
	p->next = (block + 1) % p->blocks;
	p->busy[block / 64] |= (uint64_t)1 << block % 64;
	return block;
}

void pick_done(struct pick *p, uint64_t block)
{
	p->busy[block / 64] &= ~((uint64_t)1 << block % 64);
}
