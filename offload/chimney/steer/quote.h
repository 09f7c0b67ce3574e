/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors that quote a segment of an offloaded connection. The host's kernel gets them as ever,
 * but has no such connection any more: what they say is noted for main beside that. A worker only
 * notes what quotes a flow that is there, a few at a time; the rest is lost, as errors may be.
 */
#ifndef OFFLOAD_CHIMNEY_STEER_QUOTE_H
#define OFFLOAD_CHIMNEY_STEER_QUOTE_H

#include "offload/chimney/steer/flow.h"

enum { FLOW_QUOTES = 32 /* noted at most until main takes them */ };

enum flow_quote_kind { FLOW_TOO_BIG, FLOW_UNREACHABLE };

struct flow_quote {
	struct flow_key key; /* of the flow towards the end that sent what is quoted */
	uint32_t seq;	     /* of the segment */
	uint16_t mtu;	     /* TOO_BIG: as it was told, 0 by old IPv4 routers; at most 65535 */
	uint8_t kind;
};

/* Pure. The frame's first len bytes, which lie together: an ICMP "destination unreachable" (RFC
 * 792; code 4: RFC 1191 4) or an ICMPv6 "packet too big" or "destination unreachable" (RFC
 * 4443 3.1, 3.2) that quotes a TCP segment without IP options or extension headers? Fills in of
 * q->key all but bridge and VLAN. Its checksum is looked at if it lies in these bytes as a whole.
 * Any thread. */
bool flow_quote_of(const uint8_t *data, uint32_t len, struct flow_quote *q);

/* Where workers note them: an eventfd is written when there is one. Main, before workers run; once.
 * 0 or -ENOMEM. */
int flow_table_note_quotes(struct flow_table *t, int fd);

/* Takes what was noted; returns how many. Main. */
unsigned int flow_quotes_take(struct flow_table *t, struct flow_quote out[FLOW_QUOTES]);

/* Notes what m, a packet of that bridge as after vlan_in, quotes of a flow that is stolen. m is
 * only read. Worker. */
void flow_quoted(const struct flow_table *t, uint16_t bridge, const struct rte_mbuf *m);

/* May it be one? In few instructions. */
static inline bool flow_quote_maybe(const uint8_t *data, uint32_t len)
{
	if (len < 14 + 20 + 8 + 28)
		return false;
	return (data[12] == 0x08 && data[13] == 0x00 && data[23] == 1) ||
	       (data[12] == 0x86 && data[13] == 0xdd && data[20] == 58);
}

#endif
