/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pair/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { TAG_AT = 14, TAG = 0xf1, SPREAD = 40503 };

/* Twice, so that any place has a whole pattern after it. */
static uint8_t pattern[2 * FRAME_PATTERN];

/* Without a period that a buffer's size could hide: a xorshift of 32 bits. */
static void make_pattern(void)
{
	uint32_t x = 2463534242u;

	for (uint32_t i = 0; i < FRAME_PATTERN; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		pattern[i] = pattern[i + FRAME_PATTERN] = (uint8_t)(x >> 24);
	}
}

const uint8_t *frame_pattern(uint32_t at)
{
	static bool made;

	if (!made)
		make_pattern();
	made = true;
	return pattern + at % FRAME_PATTERN;
}

void frame_write(uint8_t *to, const uint8_t dst[6], const uint8_t src[6], const struct frame_id *id)
{
	const uint8_t tag[FRAME_MIN - TAG_AT] = {
		TAG,
		id->stream,
		(uint8_t)(id->bytes >> 8),
		(uint8_t)id->bytes,
		(uint8_t)(id->seq >> 24),
		(uint8_t)(id->seq >> 16),
		(uint8_t)(id->seq >> 8),
		(uint8_t)id->seq,
		TAG,
		TAG,
	};

	memcpy(to, dst, 6);
	memcpy(to + 6, src, 6);
	to[12] = FRAME_TYPE >> 8;
	to[13] = FRAME_TYPE & 0xff;
	memcpy(to + TAG_AT, tag, sizeof(tag));
	memcpy(to + FRAME_MIN, frame_pattern((id->seq + id->stream) * SPREAD),
	       id->bytes - (uint32_t)FRAME_MIN);
}

int frame_read(const struct rte_mbuf *m, struct frame_id *id)
{
	uint8_t copy[FRAME_MIN];
	const uint8_t *head = rte_pktmbuf_read(m, 0, FRAME_MIN, copy);

	if (!head || head[12] != FRAME_TYPE >> 8 || head[13] != (FRAME_TYPE & 0xff) ||
	    head[TAG_AT] != TAG)
		return -EINVAL;
	*id = (struct frame_id){
		.stream = head[15],
		.bytes = (uint16_t)(head[16] << 8 | head[17]),
		.seq = (uint32_t)head[18] << 24 | (uint32_t)head[19] << 16 |
		       (uint32_t)head[20] << 8 | head[21],
	};
	return id->bytes >= FRAME_MIN ? 0 : -EINVAL;
}

int64_t frame_differs(const struct rte_mbuf *m, const uint8_t *flat, uint32_t bytes)
{
	uint32_t at = 0;

	for (; m; m = m->next) {
		const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
		uint32_t n = RTE_MIN((uint32_t)m->data_len, bytes - at);

		if (memcmp(data, flat + at, n) != 0)
			for (uint32_t i = 0;; i++)
				if (data[i] != flat[at + i])
					return at + i;
		at += n;
		if (n < m->data_len)
			return at; /* longer */
	}
	return at < bytes ? (int64_t)at : -1;
}
