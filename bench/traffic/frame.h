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

/* A signature's 18 bytes as they lie in memory (of a little-endian machine), in registers: nothing
 * that was just written is read back, which would wait for the cache. */
struct frame_sig_words {
	uint64_t a, b;
	uint16_t c;
};

/* A byte that a damaged signature has right in 1 of 256 cases: of all bytes but the first. */
static inline uint8_t frame_sig_check(const struct frame_sig_words *w)
{
	uint64_t x = w->a >> 8 | w->b << 56, y = w->b >> 8 | (uint64_t)w->c << 56;

	x ^= y << 7 | y >> 57;
	x ^= x >> 32;
	x ^= x >> 16;
	return (uint8_t)(x ^ x >> 8 ^ (w->c >> 8) * 5u ^ 0xa5);
}

static inline struct frame_sig_words frame_sig_words(const struct frame_sig *s)
{
	struct frame_sig_words w = {
		.a = (uint64_t)s->stream << 8 | (uint64_t)s->trial << 16 | (uint64_t)s->seq << 32,
		.b = (s->due & 0xffffffffffff) | (uint64_t)s->delay << 48,
		.c = (uint16_t)(s->delay >> 16),
	};

	w.a |= frame_sig_check(&w);
	return w;
}

static inline void frame_sig_write(uint8_t *to, const struct frame_sig_words *w)
{
	memcpy(to, &w->a, 8);
	memcpy(to + 8, &w->b, 8);
	memcpy(to + 16, &w->c, 2);
}

static inline void frame_sig_put(uint8_t *to, const struct frame_sig *s)
{
	struct frame_sig_words w = frame_sig_words(s);

	frame_sig_write(to, &w);
}

/* false: these are not the bytes of a signature. */
static inline bool frame_sig_get(const uint8_t *from, struct frame_sig *s)
{
	struct frame_sig_words w;

	memcpy(&w.a, from, 8);
	memcpy(&w.b, from + 8, 8);
	memcpy(&w.c, from + 16, 2);
	if ((uint8_t)w.a != frame_sig_check(&w))
		return false;
	s->stream = (uint8_t)(w.a >> 8);
	s->trial = (uint16_t)(w.a >> 16);
	s->seq = (uint32_t)(w.a >> 32);
	s->due = w.b & 0xffffffffffff;
	s->delay = (uint32_t)(w.b >> 48) | (uint32_t)w.c << 16;
	return true;
}

/* Of two UDP ports, 4096 x 4096 pairs. */
static inline uint16_t frame_port(uint32_t flow)
{
	return __builtin_bswap16((uint16_t)(0x2000 | (flow & 0xfff)));
}

/* The sum of four 16-bit words (RFC 1071: wider words may be added, and folded later). */
static inline uint64_t frame_sum64(uint64_t v)
{
	return (v >> 32) + (v & 0xffffffff);
}

/* Writes a frame's first FRAME_HEAD bytes; what follows must be the pattern. */
static inline void frame_fill(const struct frame_image *img, uint8_t *to, uint32_t flow,
			      const struct frame_sig *sig)
{
	struct frame_sig_words w = frame_sig_words(sig);
	uint32_t swapped = __builtin_bswap32(flow), dst, src;
	uint16_t sport = frame_port(flow), dport = frame_port(flow >> 12), word;
	uint64_t sum = img->sum + sport + dport + frame_sum64(w.a) + frame_sum64(w.b) + w.c;

	sum = frame_sum64(sum);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	word = (uint16_t)~sum;
	word = word ? word : 0xffff; /* RFC 768: 0 says there is none */
	memcpy(&dst, img->head + 2, 4);
	memcpy(&src, img->head + 8, 4);
	dst ^= swapped & img->dst_mask;
	src ^= swapped & img->src_mask;
	memcpy(to, img->head, FRAME_HEAD);
	memcpy(to + 2, &dst, 4);
	memcpy(to + 8, &src, 4);
	memcpy(to + 34, &sport, 2);
	memcpy(to + 36, &dport, 2);
	memcpy(to + 40, &word, 2);
	frame_sig_write(to + FRAME_SIG_AT, &w);
}

/* Writes a unit's headers and the signature behind them. The same signature belongs at its end,
 * which may lie in another buffer. */
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
