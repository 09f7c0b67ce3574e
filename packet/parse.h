/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Headers of a frame, layers 2 to 4. Untrusted input: pure functions over (pointer, length).
 */
#ifndef PACKET_PARSE_H
#define PACKET_PARSE_H

#include <stdint.h>

enum {
	PKT_PARSE_MAX = 256, /* bytes of headers looked at, at most */
};

enum pkt_l4 { PKT_L4_NONE, PKT_L4_TCP, PKT_L4_UDP, PKT_L4_OTHER };

/* What was found. Lengths in bytes. A length that the headers claim but the frame does not have
 * leaves that layer, and those above it, at 0 / NONE: such a frame is still a frame. */
struct pkt_headers {
	uint16_t ether_type; /* of the payload, after all VLAN tags; host order */
	uint16_t l2_len;     /* Ethernet header and VLAN tags */
	uint16_t l3_len;     /* IPv4 with options; IPv6 with extension headers; 0: not IP */
	uint16_t l4_len;     /* TCP with options, UDP; 0 otherwise */
	uint8_t ip_version;  /* 4, 6; 0: not IP */
	uint8_t l4;	     /* enum pkt_l4; OTHER also for what follows a first fragment */
	uint8_t fragment;    /* 1: an IP fragment (then l4 is NONE) */
	uint8_t proto;	     /* IP protocol number of layer 4 */
};

/* Parses a frame's first `len` contiguous bytes; `frame_len` is the frame's whole length, at least
 * len. Returns 0, or -EINVAL when not even the layer 2 header (with its VLAN tags) is there.
 * VLAN tags: 0x8100 and 0x88a8, up to four. IEEE 802.1Q-2018 9.3; RFC 791 3.1; RFC 8200 4;
 * RFC 9293 3.1; RFC 768. Any thread. */
int pkt_parse(const uint8_t *data, uint32_t len, uint32_t frame_len, struct pkt_headers *h);

#endif
