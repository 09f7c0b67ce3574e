/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP and TCP headers of a connection: built from a template of what does not change, and read.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_HDR_H
#define OFFLOAD_CHIMNEY_FAST_HDR_H

#include "offload/chimney/fast/engine.h"
#include "offload/chimney/fast/opts.h"
#include "offload/chimney/state.h"

#include <stdbool.h>
#include <stdint.h>

enum chim_tcp_flag {
	CHIM_FIN = 1 << 0,
	CHIM_SYN = 1 << 1,
	CHIM_RST = 1 << 2,
	CHIM_PSH = 1 << 3,
	CHIM_ACK = 1 << 4,
	CHIM_URG = 1 << 5,
	CHIM_ECE = 1 << 6,
	CHIM_CWR = 1 << 7,
};

/* The two low bits of TOS and traffic class (RFC 3168 5). */
enum chim_ecn {
	CHIM_ECN_NOT_ECT = 0,
	CHIM_ECN_ECT1 = 1,
	CHIM_ECN_ECT0 = 2,
	CHIM_ECN_CE = 3,
};

/* Everything else is zero in it. */
struct chim_hdr_template {
	uint8_t ip[40];	  /* the IP header, network order */
	uint8_t ports[4]; /* source and destination */
	uint32_t phdr;	  /* sum of the pseudo-header without its length, not folded */
	uint8_t l3_len;	  /* 20 or 40 */
};

/* What is each segment's own. */
struct chim_hdr {
	uint32_t seq, ack;
	uint16_t wnd;	      /* as in the header: scaled already */
	uint8_t flags;	      /* enum chim_tcp_flag */
	uint8_t ecn;	      /* enum chim_ecn */
	uint16_t ipid;	      /* IPv4: of the (first) frame */
	uint16_t segsz;	      /* payload bytes of each frame; 0: one frame */
	uint32_t payload_len; /* bytes, at most CHIM_UNIT_BYTES */
	const uint8_t *opts;  /* as chim_opts_build() wrote them */
	uint8_t opts_len;     /* a multiple of 4, at most 40 */
};

/* From s->tuple and s->path: addresses, ports, TTL, TOS, flow label. Worker or main. */
void chim_hdr_template(struct chim_hdr_template *t, const struct chim_tcp_state *s);

/* Fills out's headers, lengths and segsz (engine.h says how the checksum field is to be); its
 * pieces stay as they are. IPv4: DF is set (RFC 1191), the header checksum is right. segsz is taken
 * as 0 where all fits into one frame. Returns how many frames it will be, at least 1: IPv4's id
 * goes on by that. Worker. */
uint32_t chim_hdr_build(const struct chim_hdr_template *t, const struct chim_hdr *h,
			struct chim_out *out);

/* Reads the headers of a frame that is known to be TCP over IPv4 or IPv6 with these lengths:
 * `contiguous` bytes of it lie at `frame`, frame_len are there in all (behind the payload may be
 * padding). Fills seq to opts, opts_len and len of *seg, and segs = 1; the pieces are the caller's.
 * Returns the payload's offset in the frame. Errors: -EBADMSG: the headers contradict the lengths,
 * or are not whole in the contiguous part; *seg is then not changed. Checksums are not looked at.
 * Any thread. */
int chim_hdr_parse(const uint8_t *frame, uint32_t contiguous, uint32_t frame_len, uint32_t l2_len,
		   uint32_t l3_len, uint32_t l4_len, struct chim_seg *seg);

#endif
