/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames that two guests exchange: each byte follows from who sent it, as which one, and its
 * length. So the receiver makes the same frame again and compares. Pure; any thread.
 */
#ifndef PAIR_FRAME_H
#define PAIR_FRAME_H

#include <rte_mbuf.h>
#include <stdint.h>

enum {
	FRAME_MIN = 24,	       /* Ethernet's header and the tag */
	FRAME_MAX = 9614,      /* MTU 9600 */
	FRAME_TYPE = 0x88b5,   /* IEEE 802, local experimental */
	FRAME_PATTERN = 65536, /* bytes of pattern before it repeats */
};

struct frame_id {
	uint8_t stream;
	uint16_t bytes;
	uint32_t seq;
};

/* Which bytes, from which place of the pattern on: FRAME_PATTERN of them and more can be read from
 * any place below FRAME_PATTERN. */
const uint8_t *frame_pattern(uint32_t at);

/* to: id->bytes of them, at least FRAME_MIN. */
void frame_write(uint8_t *to, const uint8_t dst[6], const uint8_t src[6],
		 const struct frame_id *id);

/* What a frame says it is; -EINVAL when it is none of these. */
int frame_read(const struct rte_mbuf *m, struct frame_id *id);

/* The first byte at which the chain differs from the flat bytes, or -1 when none does. */
int64_t frame_differs(const struct rte_mbuf *m, const uint8_t *flat, uint32_t bytes);

#endif
