/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP options of an established connection: timestamps (RFC 7323 3) and SACK blocks (RFC 2018 3).
 * Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_OPTS_H
#define OFFLOAD_CHIMNEY_FAST_OPTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CHIM_OPTS_BYTES = 40, /* as many as a header has room for */
	CHIM_OPTS_SACKS = 4,
	CHIM_OPTS_TS_BYTES = 12, /* timestamps, aligned */
};

/* Sequence numbers in host order; nothing is known of whether they make sense. */
struct chim_sack {
	uint32_t start, end; /* end: behind the last byte */
};

struct chim_opts {
	uint32_t tsval, tsecr;
	bool has_ts;
	uint8_t n_sack;
	struct chim_sack sack[CHIM_OPTS_SACKS];
};

/* From a segment. Unknown kinds are skipped; what stands behind an end-of-list is not read. Of an
 * option that is there twice the last counts. Errors: -EBADMSG: a length that cannot be: of any
 * option, or of these two kinds; the segment is to be dropped. len is at most CHIM_OPTS_BYTES. */
int chim_opts_parse(const uint8_t *opts, uint32_t len, struct chim_opts *out);

/* Writes them padded with NOPs to multiples of four, as every TCP likes to read them. Of the blocks
 * as many, from the first, as have room (3 beside timestamps). Returns the bytes written. */
uint32_t chim_opts_build(const struct chim_opts *o, uint8_t out[CHIM_OPTS_BYTES]);

#endif
