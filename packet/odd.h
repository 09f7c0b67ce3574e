/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments that are not what a fast path takes, though their end's kernel would take them for
 * segments all the same: with IP options or extension headers before them, or in fragments of which
 * this is the first. Untrusted input: pure functions over (pointer, length).
 */
#ifndef PACKET_ODD_H
#define PACKET_ODD_H

#include "packet/parse.h"

#include <stdbool.h>

enum pkt_odd {
	PKT_ODD_NONE,	  /* nothing of the kind: the whole of an ordinary segment, another
			   * fragment than the first, another protocol, or broken */
	PKT_ODD_FRAGMENT, /* the first fragment; it may have options or extension headers as well */
	PKT_ODD_OPTIONS,  /* whole, behind IP options or extension headers (also a fragment header
			   * of what is no fragment, RFC 6946) */
};

enum { PKT_ODD_BYTES = 8 /* of TCP's header are there: ports and sequence number */ };

/* Of a frame whose first `len` contiguous bytes pkt_parse() has looked at: is it one, and where in
 * the frame does TCP's header begin? *at is filled in unless NONE is returned. Frames with VLAN
 * tags are none. RFC 791 3.2, RFC 8200 4.5, RFC 7112. Any thread. */
enum pkt_odd pkt_odd_tcp(const uint8_t *data, uint32_t len, const struct pkt_headers *h,
			 uint32_t *at);

/* May it be one? In few instructions, for what is no ordinary segment. */
static inline bool pkt_odd_maybe(const struct pkt_headers *h)
{
	return h->fragment || h->l4 == PKT_L4_TCP;
}

#endif
