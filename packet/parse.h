/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers of a frame, layers 2 to 4. Untrusted input: pure functions over (pointer, length).
 */
#ifndef PACKET_PARSE_H
#define PACKET_PARSE_H

#include <rte_branch_prediction.h>
#include <stdint.h>

enum {
	PKT_PARSE_MAX = 256,	/* bytes of headers looked at, at most */
	PKT_PARSE_TAGS_MAX = 4, /* VLAN tags */
	PKT_PARSE_EXT_MAX = 8,	/* IPv6 extension headers */
};

enum pkt_l4 { PKT_L4_NONE, PKT_L4_TCP, PKT_L4_UDP, PKT_L4_OTHER };

/* What was found. Lengths in bytes. A length that the headers claim but the frame does not have
 * leaves that layer, and those above it, at 0 / NONE: such a frame is still a frame.
 * A layer 4 header must lie within the IP packet, whatever padding follows that in the frame.
 * IPv6 extension headers beyond the bytes or the number looked at: l3_len ends before the first
 * that was not looked into, proto names it, l4 is OTHER. */
struct pkt_headers {
	uint16_t ether_type; /* of the payload, after all VLAN tags; host order */
	uint16_t l2_len;     /* Ethernet header and VLAN tags */
	uint16_t l3_len;     /* IPv4 with options; IPv6 with extension headers; 0: not IP */
	uint16_t l4_len;     /* TCP with options, UDP; 0 otherwise */
	uint8_t ip_version;  /* 4, 6; 0: not IP */
	uint8_t l4;	     /* enum pkt_l4 */
	uint8_t fragment;    /* 1: an IP fragment (then l4 is NONE) */
	uint8_t proto;	     /* IP protocol number of layer 4; 0 where ip_version is 0 */
};

/* A 16-bit number in network order at any address. Any thread. */
static inline uint16_t pkt_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* pkt_parse() for every frame; see there. Any thread. */
int pkt_parse_any(const uint8_t *data, uint32_t len, uint32_t frame_len, struct pkt_headers *h);

/* Parses a frame's first `len` contiguous bytes; `frame_len` is the frame's whole length, at least
 * len. Returns 0, or -EINVAL when not even the layer 2 header (with its VLAN tags) is there.
 * VLAN tags: 0x8100 and 0x88a8, up to four. IEEE 802.1Q-2018 9.3; RFC 791 3.1; RFC 8200 4;
 * RFC 9293 3.1; RFC 768. Any thread.
 * What most frames are (untagged IPv4 or IPv6, no options, TCP or UDP) is found here, inline. */
static inline int pkt_parse(const uint8_t *data, uint32_t len, uint32_t frame_len,
			    struct pkt_headers *h)
{
	const uint8_t *l3 = data + 14, *l4;
	uint32_t l3_len, l3_total, l4_len;
	uint8_t version, proto, kind;

	if (unlikely(len < 14 + 40 + 8))
		goto any;
	if (pkt_be16(data + 12) == 0x0800) {
		if (unlikely(l3[0] != 0x45 || (pkt_be16(l3 + 6) & 0x3fff) != 0))
			goto any;
		version = 4;
		proto = l3[9];
		l3_len = 20;
		l3_total = pkt_be16(l3 + 2);
	} else if (pkt_be16(data + 12) == 0x86dd) {
		if (unlikely(l3[0] >> 4 != 6))
			goto any;
		version = 6;
		proto = l3[6];
		l3_len = 40;
		l3_total = 40 + pkt_be16(l3 + 4);
	} else {
		goto any;
	}

	l4 = l3 + l3_len;
	if (proto == 6) {
		if (unlikely(14 + l3_len + 20 > len))
			goto any;
		kind = PKT_L4_TCP;
		l4_len = (l4[12] >> 4) * 4;
		if (unlikely(l4_len < 20 || l3_len + l4_len > l3_total))
			goto any;
	} else if (proto == 17) {
		uint32_t datagram = pkt_be16(l4 + 4);

		kind = PKT_L4_UDP;
		l4_len = 8;
		if (unlikely(datagram < 8 || l3_len + datagram > l3_total))
			goto any;
	} else {
		goto any;
	}
	if (unlikely(14 + l3_len + l4_len > len || 14 + l3_total > frame_len))
		goto any;

	*h = (struct pkt_headers){
		.ether_type = version == 4 ? 0x0800 : 0x86dd,
		.l2_len = 14,
		.l3_len = l3_len,
		.l4_len = l4_len,
		.ip_version = version,
		.l4 = kind,
		.proto = proto,
	};
	return 0;

any:
	return pkt_parse_any(data, len, frame_len, h);
}

#endif
