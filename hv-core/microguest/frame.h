/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames that are sent and checked. Pure.
 *
 * A frame is Ethernet II, IPv4 between 198.18.0.0/15 (RFC 2544, C.2.2), UDP, then a signature of
 * 18 bytes that says which frame this is, then a pattern that depends on the place only. So a
 * buffer is filled once, and of a frame after it only the signature and the checksum are written:
 * one cache line.
 *
 * A unit is one large TCP segment, to be cut by whom it may concern. The high half of its sequence
 * number is the unit's, the low half tells the place in it; its acknowledgement number names run
 * and stream. So each piece can be attributed and its bytes be checked.
 */
#ifndef HV_CORE_MICROGUEST_FRAME_H
#define HV_CORE_MICROGUEST_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	MG_FRAME_HEAD = 60, /* bytes that are not the pattern */
	MG_SIG_AT = 42,
	MG_SIG = 18,
	MG_UNIT_HEAD = 54, /* Ethernet, IPv4, TCP */
	MG_UNIT_MAX = 65535 - 128,
};

enum mg_kind { MG_DATA = 1, MG_HELLO, MG_READY };

/* In memory as it lies in a frame (little-endian). */
struct mg_sig {
	uint8_t magic, kind;
	uint16_t run; /* who sent it: different each time a guest starts */
	uint32_t place;
	uint64_t due; /* when it was to be sent, by the sender's time stamp counter */
	uint16_t stream;
} __attribute__((packed));

enum { MG_MAGIC = 0xe7 };

/* All frames of one card. */
struct mg_image {
	uint8_t head[64];
	uint32_t bytes; /* on a ring */
	uint64_t sum;	/* of what does not change from frame to frame, pseudo-header and pattern
			   too, for UDP's checksum; ports and signature are not in it */
	uint16_t mss;	/* a unit's; 0: a frame */
	uint16_t run, stream;
	bool partial; /* the checksum is left to the device: virtio 1.2, 5.1.6.2 */
};

struct mg_ends {
	const uint8_t *src, *dst;
	uint8_t src_host, dst_host; /* the last byte of 198.18.0.x */
};

static inline uint8_t mg_pattern(uint32_t at)
{
	return (uint8_t)(at * 151u + (at >> 8) * 29u + 0x5b);
}
void mg_pattern_fill(uint8_t *to, uint32_t at, uint32_t n);
bool mg_pattern_right(const uint8_t *data, uint32_t at, uint32_t n);

/* bytes: at least 60. */
void mg_image_frame(struct mg_image *img, const struct mg_ends *ends, uint32_t bytes, uint16_t run,
		    uint16_t stream, bool partial);
/* As many whole segments as fit in 64 KB at this MTU. */
void mg_image_unit(struct mg_image *img, const struct mg_ends *ends, uint32_t mtu, uint16_t run,
		   uint16_t stream);
uint32_t mg_unit_bytes(uint32_t mtu); /* payload of such a unit */
static inline uint32_t mg_unit_payload(const struct mg_image *img)
{
	return img->bytes - MG_UNIT_HEAD;
}

/* The sum of four 16-bit words (RFC 1071, 2: wider words may be added, and folded later). */
static inline uint64_t mg_sum64(uint64_t v)
{
	return (v >> 32) + (v & 0xffffffff);
}

static inline uint16_t mg_sum_fold(uint64_t sum)
{
	sum = mg_sum64(sum);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)(sum + (sum >> 16));
}

/* The sum of 16-bit words as they lie in memory; an odd last byte counts as one with 0. */
uint64_t mg_sum_bytes(const uint8_t *data, uint32_t n);

/* The whole of a frame, for a buffer that holds nothing yet. Without checksum and signature. */
void mg_frame_prepare(const struct mg_image *img, uint8_t *to);

/* The flow's number is xored into the last four bytes of both addresses, and into the ports. */
static inline void mg_frame_flow(const struct mg_image *img, uint8_t *to, uint32_t flow)
{
	uint32_t swapped = __builtin_bswap32(flow), part;
	uint16_t sport = __builtin_bswap16(0x2000 | (flow & 0xfff));
	uint16_t dport = __builtin_bswap16(0x2000 | (flow >> 12 & 0xfff));

	memcpy(&part, img->head + 2, 4);
	part ^= swapped;
	memcpy(to + 2, &part, 4);
	memcpy(&part, img->head + 8, 4);
	part ^= swapped;
	memcpy(to + 8, &part, 4);
	memcpy(to + 34, &sport, 2);
	memcpy(to + 36, &dport, 2);
}

/* What differs from frame to frame. to: prepared; its ports are in their place. */
static inline void mg_frame_fill(const struct mg_image *img, uint8_t *to, enum mg_kind kind,
				 uint32_t place, uint64_t due)
{
	uint64_t low =
		MG_MAGIC | (uint64_t)kind << 8 | (uint64_t)img->run << 16 | (uint64_t)place << 32;
	uint32_t ports;
	uint16_t sum;

	memcpy(to + MG_SIG_AT, &low, 8);
	memcpy(to + MG_SIG_AT + 8, &due, 8);
	memcpy(to + MG_SIG_AT + 16, &img->stream, 2);
	if (img->partial)
		return;
	memcpy(&ports, to + 34, 4);
	sum = (uint16_t)~mg_sum_fold(img->sum + mg_sum64(low) + mg_sum64(due) + ports);
	sum = sum ? sum : 0xffff; /* RFC 768: 0 says there is none */
	memcpy(to + 40, &sum, 2);
}

/* As mg_frame_fill() for a unit. */
void mg_unit_fill(const struct mg_image *img, uint8_t *to, uint32_t place, uint64_t due);

/* The answer to a hello: back to where it came from, as MG_READY, else the same. `from` and `to`
 * are 60 bytes. */
void mg_frame_answer(const uint8_t *from, uint8_t *to);

enum mg_seen_kind {
	MG_SEEN_OTHER,	 /* none of ours */
	MG_SEEN_DAMAGED, /* looks like ours, and something in it is wrong */
	MG_SEEN_FRAME,
	MG_SEEN_PIECE, /* of a unit, or a whole one */
};

struct mg_seen {
	struct mg_sig sig;    /* of a piece: run, stream; with the unit's first byte, all of it */
	uint32_t at, payload; /* of a piece: its place in the unit and its bytes, */
	uint32_t head;	      /* which begin here in the frame */
};

/* len: of the whole frame; head: its first 72 bytes, or all when it is shorter. */
enum mg_seen_kind mg_frame_parse(const uint8_t *head, uint32_t len, struct mg_seen *seen);

/* How the frame's checksum is to be looked at: what the device said of it (virtio 5.1.6.4). */
enum mg_sum_state { MG_SUM_THERE, MG_SUM_PARTIAL, MG_SUM_VALID };

/* Are the sums of a frame right, and is what follows its head the pattern? All of it in one
 * piece. */
bool mg_frame_right(const uint8_t *frame, uint32_t len, enum mg_sum_state state);
/* Is the payload of a piece right? */
bool mg_piece_right(const uint8_t *frame, const struct mg_seen *seen);

#endif
