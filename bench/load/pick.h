/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which block is next: at random or in order, and never one that a command is under way for, since
 * what two commands at once leave in a block is not defined. Pure; one thread.
 */
#ifndef BENCH_LOAD_PICK_H
#define BENCH_LOAD_PICK_H

#include <stdbool.h>
#include <stdint.h>

struct pick {
	uint64_t blocks, next, random_state;
	bool random;
	uint64_t *busy; /* a bit each */
};

/* depth: so many are under way at most. 0; -EINVAL: not more blocks than that; -ENOMEM. */
int pick_init(struct pick *p, uint64_t blocks, unsigned int depth, bool random, uint64_t seed);
void pick_clear(struct pick *p);

/* A block that is not under way, and is from now on. */
uint64_t pick_next(struct pick *p);
void pick_done(struct pick *p, uint64_t block);

/* A random number (xorshift64*), for other choices of the same run. */
uint64_t pick_random(struct pick *p);

#endif
