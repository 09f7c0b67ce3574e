/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "Packet too big": may a packet that exceeds an MTU be answered, and what is the answer?
 *
 * IPv4 with DF: ICMP type 3 code 4 with the next hop's MTU (RFC 792, RFC 1191 4). IPv6: ICMPv6
 * type 2 (RFC 4443 3.2). Path MTU discovery of the sender needs it: without it large packets are
 * lost for good while small ones pass.
 *
 * In whose name: a bridge has no address of its own, so the answer bears the addresses, both of
 * layer 2 and 3, of the packet's destination. RFC 4443 2.2 (a) wants just that of the answer to a
 * packet sent to a unicast address, and a strict reverse-path filter takes it, as it comes from
 * where the destination is. The dummy address 192.0.0.8 (RFC 7600) would not pass such a filter,
 * and has no kin in IPv6.
 *
 * Pure functions. The packet is untrusted; it may be a chain, shared, or a unit (TSO, USO).
 */
#ifndef JUMBO_PTB_H
#define JUMBO_PTB_H

#include "packet/parse.h"

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

/* Why there is no answer. RFC 1812 4.3.2.7 and RFC 4443 2.4 (e) but for the last three. */
#define PTB_REASONS(X)                                                               \
	X(NOT_IP, "not a whole IP packet")                                           \
	X(NOT_DF, "IPv4 that may be fragmented (no DF)")                             \
	X(BAD_HEADER, "wrong IPv4 header checksum")                                  \
	X(FRAGMENT, "a fragment other than the first")                               \
	X(GROUP, "sent to or from a group, in layer 2")                              \
	X(DESTINATION, "the IP destination is not one host")                         \
	X(SOURCE, "the IP source is not one host")                                   \
	X(ICMP_ERROR, "an ICMP error, or not known not to be one")                   \
	X(FLOODED, "flooded: nobody knows that the destination is behind this port") \
	X(SMALL, "no MTU that could be told is smaller than the IP packet")

enum ptb_reason {
	PTB_DUE, /* an answer may be sent */
#define X(sym, text) PTB_##sym,
	PTB_REASONS(X)
#undef X
		PTB_REASON_MAX
};

enum {
	PTB_QUOTE4_MAX = 576,  /* an answer's IPv4 packet, bytes: RFC 1812 4.3.2.3 */
	PTB_QUOTE6_MAX = 1280, /* an answer's IPv6 packet, bytes: RFC 4443 2.4 (c) */
	PTB_MTU6_MIN = 1280,   /* the smallest MTU that IPv6 may be told: RFC 8200 5 */
	PTB_RATE_PPS = 1000,   /* answers a second, as Linux' net.ipv4.icmp_msgs_per_sec */
	PTB_BURST = 64,	       /* and so many at once */
};

/* What was found out about a packet, for its answer. */
struct ptb_packet {
	struct pkt_headers h;
	uint32_t ip_size; /* bytes of the IP packet; of a unit, of its first frame's */
	uint16_t mtu;	  /* to tell, bytes of layer 3 */
	bool unit;
	uint32_t seen; /* bytes of `bytes` that are the packet's */
	uint8_t bytes[PKT_PARSE_MAX];
};

/* Looks at m, which did not fit `limit` (an MTU, bytes), the bridge's own VLAN tag not in it. Any
 * other tag is payload, so less of the limit is left to IP and that is what is told. IPv6 is told
 * no less than 1280: a packet of up to 1280 bytes that does not fit gets no answer, for there is
 * none that would help. Worker. */
enum ptb_reason ptb_judge(const struct rte_mbuf *m, uint16_t limit, struct ptb_packet *p);

/* The answer to m, of which ptb_judge() said PTB_DUE, in an mbuf of `pool` (2 KB of data): a whole
 * frame with m's tags, port and VLAN, checksums complete. It quotes as much of m as the RFCs allow
 * and as fits `room`, the MTU of its way back (576 or more), bytes. The quote of a unit is that of
 * its first frame, but for the TCP or UDP checksum: no receiver of an answer can check that, as
 * the quote ends before what is summed does. NULL: no mbuf. Worker. */
struct rte_mbuf *ptb_answer(const struct rte_mbuf *m, const struct ptb_packet *p, uint16_t room,
			    struct rte_mempool *pool);

/* May another answer go? At most PTB_BURST at once and PTB_RATE_PPS in the long run. *full_at: one
 * a caller, 0 at first: the time (TSC) at which the whole burst is allowed again. `hz`: TSC cycles
 * a second. Worker. */
bool ptb_allowed(uint64_t *full_at, uint64_t now, uint64_t hz);

#endif
