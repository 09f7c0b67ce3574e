/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engines work on: one TCP unit with a timestamp option, as a whole and as the segments it
 * stands for; where frames are merged, the same of several flows at once. The engine process's main
 * thread.
 */
#ifndef BENCH_ENGINE_UNIT_H
#define BENCH_ENGINE_UNIT_H

#include "base/err.h"
#include "bench/engine/engine.h"

#include <rte_mbuf.h>

enum {
	UNIT_SEGMENTS_MAX = ENGINE_FRAMES_MAX,
	UNIT_L2 = 14,
	UNIT_L4 = 32, /* with the timestamp option */
	UNIT_FRAME_MAX = UNIT_L2 + 40 + UNIT_L4 + ENGINE_MSS_MAX,
};

struct unit {
	unsigned int family, mss, flows;
	bool rx_csum;
	uint32_t l3_len, hdr_len, payload;
	uint16_t n_segments; /* of one flow */
	uint8_t *bytes;	     /* the whole unit */
	struct rte_mbuf_ext_shared_info shared;
	struct rte_mempool *heads; /* mbufs for headers, and for references to payload */
	struct rte_mempool *data;  /* mbufs that hold a segment */
};

/* Makes the unit, and pools that serve `burst` of them. 0 or -ENOMEM. */
int unit_open(struct unit *u, const struct engine_case *c, struct err *e);
void unit_close(struct unit *u);

/* The unit as a chain that asks for segmentation: the first bytes are its own, the rest is
 * borrowed, as with a guest's unit in the switch. (librte_gso takes no packet whose first mbuf is
 * borrowed: it copies that flag to mbufs of its own.) */
struct rte_mbuf *unit_whole(struct unit *u);
/* The units of all flows as frames with complete checksums, each in an mbuf of its own: the first
 * of each flow, then the second of each, ... 0 or -ENOMEM. */
int unit_segments(struct unit *u, struct rte_mbuf **out);

/* Payload bytes of segment i. */
uint32_t unit_segment_bytes(const struct unit *u, unsigned int i);

/* The flow's frame of payload bytes [from, from + len), checksums complete, into `to`. */
void unit_frame(const struct unit *u, unsigned int flow, unsigned int i, uint32_t from,
		uint32_t len, uint8_t *to);

/* Is that what must come of the unit? sums: with the checksums that belong there: complete ones in
 * frames, and in a unit, whose TCP checksum is to be completed, the pseudo-header's sum. 0, or
 * -EPROTO that says what is wrong. */
int unit_check_segments(const struct unit *u, struct rte_mbuf **out, int n, bool sums,
			struct err *e);
int unit_check_whole(const struct unit *u, struct rte_mbuf **out, int n, bool sums, struct err *e);

#endif
