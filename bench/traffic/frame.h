/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames a trial is made of. Pure: bytes in, bytes out; any thread.
 *
 * A frame is Ethernet II, IPv4, UDP with right checksums, then 18 bytes that say which frame this
 * is (struct frame_sig), then a pattern that depends on the place only. So the smallest frame (64
 * bytes with its FCS, 60 on a ring) holds everything, a buffer that was filled once keeps all but
 * its first FRAME_HEAD bytes, and a frame of any size can be made in it.
 *
 * A unit is one large TCP segment whose checksum is left to the receiver, and which a switch may
 * cut. Its sequence number tells the place within the unit, its acknowledgement number the trial
 * and the stream: so each piece can be attributed. The unit has come when its end has. Its
 * signature begins its payload, and ends it too, for a unit that was cut.
 */
#ifndef BENCH_TRAFFIC_FRAME_H
#define BENCH_TRAFFIC_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	FRAME_FCS = 4,	 /* counted in a frame's size, never on a ring */
	FRAME_HEAD = 60, /* bytes that differ from frame to frame */
	FRAME_SIG = 18,
	FRAME_SIG_AT = 42,	 /* after Ethernet, IPv4 and UDP */
	FRAME_UNIT_HEAD = 54,	 /* Ethernet, IPv4 and TCP */
	FRAME_MAX = 65535 - 128, /* on a ring: what one buffer holds beside its headroom */
	FRAME_DELAY_SHIFT = 3,	 /* the delay is counted in 8 cycles */
};

/* Which frame this is. Times in cycles. */
struct frame_sig {
	uint64_t due;	/* since the trial's beginning; 48 bits */
	uint32_t seq;	/* its place in its stream */
	uint32_t delay; /* how much later than due it went, in 1 << FRAME_DELAY_SHIFT cycles */
	uint16_t trial;
	uint8_t stream;
};

/* Where frames come from and go to. The flow's number is xored into the last four bytes of the
 * addresses that vary. */
struct frame_ends {
	uint8_t src[6], dst[6];
	bool src_varies, dst_varies;
	uint8_t src_host, dst_host; /* the last byte of 198.18.0.x (RFC 2544, appendix C.2.2) */
};

/* All frames of one size between the same ends: headers, and the sum of what does not change. */
struct frame_image {
	uint8_t head[64];
	uint32_t bytes; /* on a ring */
	uint32_t src_mask, dst_mask;
	uint64_t sum; /* of the pseudo-header, the UDP header's constant part and the pattern */
	uint16_t mss; /* a unit's; 0: a frame */
};

/* The pattern at this place of a frame. */
static inline uint8_t frame_pattern(uint32_t at)
{
	return (uint8_t)(at * 151u + (at >> 8) * 29u + 0x5b);
}
void frame_pattern_fill(uint8_t *to, uint32_t at, uint32_t n);

/* bytes: on a ring, at least 60. */
void frame_image_init(struct frame_image *img, const struct frame_ends *ends, uint32_t bytes);

/* A unit for this MTU: as many whole segments as fit in 64 KB. */
void frame_image_unit(struct frame_image *img, const struct frame_ends *ends, uint32_t mtu);
static inline uint32_t frame_unit_payload(const struct frame_image *img)
{
	return img->bytes - FRAME_UNIT_HEAD;
}

static inline void frame_put32(uint8_t *to, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(to, &v, sizeof(v));
}

/* A byte that a damaged signature has right in 1 of 256 cases. */
static inline uint8_t frame_sig_check(const uint8_t *sig)
{
	uint64_t a, b;
	uint8_t last = sig[17];

	memcpy(&a, sig + 1, sizeof(a));
	memcpy(&b, sig + 9, sizeof(b));
	a ^= b << 7 | b >> 57;
	a ^= a >> 32;
	a ^= a >> 16;
	return (uint8_t)(a ^ a >> 8 ^ last * 5u ^ 0xa5);
}

static inline void frame_sig_put(uint8_t *to, const struct frame_sig *s)
{
	to[1] = s->stream;
	memcpy(to + 2, &s->trial, 2);
	memcpy(to + 4, &s->seq, 4);
	memcpy(to + 8, &s->due, 6);
	memcpy(to + 14, &s->delay, 4);
	to[0] = frame_sig_check(to);
}

/* false: these are not the bytes of a signature. */
static inline bool frame_sig_get(const uint8_t *from, struct frame_sig *s)
{
	if (from[0] != frame_sig_check(from))
		return false;
	s->stream = from[1];
	memcpy(&s->trial, from + 2, 2);
	memcpy(&s->seq, from + 4, 4);
	s->due = 0;
	memcpy(&s->due, from + 8, 6);
	memcpy(&s->delay, from + 14, 4);
	return true;
}

/* Of two UDP ports, 4096 x 4096 pairs. */
static inline uint16_t frame_port(uint32_t flow)
{
	return __builtin_bswap16((uint16_t)(0x2000 | (flow & 0xfff)));
}

/* Writes a frame's first FRAME_HEAD bytes; what follows must be the pattern. */
static inline void frame_fill(const struct frame_image *img, uint8_t *to, uint32_t flow,
			      const struct frame_sig *sig)
{
	uint32_t swapped = __builtin_bswap32(flow), part;
	uint16_t sport = frame_port(flow), dport = frame_port(flow >> 12), word;
	uint64_t sum = img->sum + sport + dport;

	memcpy(to, img->head, FRAME_HEAD);
	memcpy(&part, img->head + 2, 4);
	part ^= swapped & img->dst_mask;
	memcpy(to + 2, &part, 4);
	memcpy(&part, img->head + 8, 4);
	part ^= swapped & img->src_mask;
	memcpy(to + 8, &part, 4);
	memcpy(to + 34, &sport, 2);
	memcpy(to + 36, &dport, 2);
	frame_sig_put(to + FRAME_SIG_AT, sig);
	for (int i = 0; i < FRAME_SIG; i += 2) {
		memcpy(&word, to + FRAME_SIG_AT + i, 2);
		sum += word;
	}
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	word = (uint16_t)~sum;
	word = word ? word : 0xffff; /* RFC 768: 0 says there is none */
	memcpy(to + 40, &word, 2);
}

/* Writes a unit's headers and both signatures. */
void frame_fill_unit(const struct frame_image *img, uint8_t *to, uint32_t flow,
		     const struct frame_sig *sig);

/* What a received frame is, from its first FRAME_HEAD bytes. */
enum frame_kind {
	FRAME_OTHER,   /* none of ours */
	FRAME_DAMAGED, /* looks like ours, and something in it is wrong */
	FRAME_WHOLE,   /* a frame with its signature */
	FRAME_PIECE,   /* a unit, or a segment of one */
};

struct frame_seen {
	struct frame_sig sig; /* of a piece: trial and stream only */
	uint32_t at, payload; /* of a piece: its place in the unit, and its bytes */
};

/* len: of the whole frame on the ring; head: its first FRAME_HEAD bytes, or all when it is
 * shorter. */
enum frame_kind frame_parse(const uint8_t *head, uint32_t len, struct frame_seen *seen);

/* Is the UDP checksum of a frame right that has the pattern after its head? */
bool frame_sum_right(const uint8_t *head, uint32_t len);

/* Is this a part of a frame's pattern, from place `at`? */
bool frame_pattern_right(const uint8_t *data, uint32_t at, uint32_t n);

#endif
