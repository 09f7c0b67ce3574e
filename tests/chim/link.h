/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One direction of a way between two ends, as bad as it is told to be: it loses, delays, doubles,
 * reorders and marks packets, all by a seed. Packets begin with the IP header; TCP checksums are
 * not kept. Time is the caller's. Any thread, one at a time.
 */
#ifndef TESTS_CHIM_LINK_H
#define TESTS_CHIM_LINK_H

#include "tests/chim/rng.h"

#include <stdint.h>
#include <sys/uio.h>

struct link_conf {
	uint64_t delay_ns, jitter_ns; /* jitter: of single packets, so it reorders */
	uint32_t loss_ppm, dup_ppm, late_ppm, mark_ppm; /* mark: ECT becomes CE */
	uint64_t late_ns;   /* how much later the late ones come, at most */
	uint32_t whole_ppm; /* units that are not taken apart: they share their fate */
};

/* A packet on its way. */
struct packet {
	uint64_t due, order;
	uint32_t len;
	uint16_t segsz; /* 0: one frame; else a unit of payloads of so many bytes */
	uint8_t l3_len, l4_len;
	uint8_t bytes[];
};

struct link {
	struct link_conf conf;
	struct rng rng;
	struct packet **heap;
	uint32_t n, room;
	uint64_t order;
	uint64_t packets, lost; /* frames */
	struct packet *out;	/* what link_get() gave last */
};

void link_init(struct link *l, const struct link_conf *conf, uint64_t seed);
void link_free(struct link *l);

/* Sends a packet: headers and payload in pieces, segsz as in struct packet. Aborts without memory.
 */
void link_put(struct link *l, const struct iovec *iov, uint32_t n, uint8_t l3_len, uint8_t l4_len,
	      uint16_t segsz, uint64_t now);

/* What has arrived, in order of arrival; NULL: nothing more. Valid until the next call. */
const struct packet *link_get(struct link *l, uint64_t now);

/* When the next one arrives; UINT64_MAX: nothing is on the way. */
uint64_t link_next(const struct link *l);

/* Takes a unit apart: frame(ctx, packet) for each of its frames. Any packet. */
void packet_frames(const struct packet *p, void (*frame)(void *ctx, struct packet *f), void *ctx);

/* Frames that it is. */
uint32_t packet_count(const struct packet *p);

#endif
