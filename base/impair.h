/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a port makes packets late, or loses them, for tests: words such as
 * "loss 1% delay 10ms jitter 2ms reorder 0.5% duplicate 0.1% rate 100mbit limit 1000 seed 7".
 */
#ifndef BASE_IMPAIR_H
#define BASE_IMPAIR_H

#include "base/err.h"

#include <stdint.h>

enum { IMPAIR_LIMIT = 4000, IMPAIR_LIMIT_MAX = 65536 };

struct impair {
	uint32_t on;			   /* not 0; else all is 0 */
	uint32_t loss, duplicate, reorder; /* of UINT32_MAX, which is always */
	uint32_t limit;			   /* packets that wait at most */
	uint32_t seed;			   /* 0: none was named */
	uint64_t delay_ns, jitter_ns;	   /* each is late by delay - jitter to delay + jitter */
	uint64_t rate_bps;		   /* 0: none */
};
_Static_assert(sizeof(struct impair) == 48, "compared as bytes");

/* Reads the words, in any order, each at most once; "none" (and NULL): nothing is done to packets.
 * 0, or -EINVAL with e filled (may be NULL) and *out as it was. Any thread. */
int impair_parse(const char *text, struct impair *out, struct err *e);

#endif
