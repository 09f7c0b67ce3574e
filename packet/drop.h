/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why a packet was dropped. Each reason is a counter of each port: ingress reasons count on the
 * port the packet came from, egress reasons (marked "out") on the one it was to leave by.
 */
#ifndef PACKET_DROP_H
#define PACKET_DROP_H

#define PKT_DROPS(X)                                                                         \
	X(RUNT, "runt", "frame shorter than an Ethernet header")                             \
	X(BAD_VLAN, "bad_vlan", "VLAN tag cut off by the end of the frame")                  \
	X(BAD_SOURCE, "bad_source", "source address is multicast or zero")                   \
	X(BAD_OFFLOAD, "bad_offload", "offload request that does not fit the headers")       \
	X(VLAN_UNTAGGED, "vlan_untagged", "untagged frame, and the port has no native VLAN") \
	X(VLAN_IN, "vlan_in", "tagged frame of a VLAN the port does not carry")              \
	X(LINK_LOCAL, "link_local", "control frame to 01:80:c2:00:00:0x, not forwarded")     \
	X(STATIC_MOVED, "static_moved", "source address is pinned to another port")          \
	X(HELD, "held",                                                                      \
	  "its connection is being handed over, and more came than is kept, or it ended")    \
	X(SAME_PORT, "same_port", "destination is behind the port the frame came from")      \
	X(VLAN_OUT, "vlan_out", "destination's port does not carry the VLAN")                \
	X(ISOLATED, "isolated", "both ports are isolated")                                   \
	X(NO_MEMBER, "no_member", "no other port to flood to")                               \
	X(MTU_IN, "mtu_in", "larger than the MTU of the port it came from")                  \
	X(MTU_OUT, "mtu_out", "out: larger than the MTU of this port")                       \
	X(NO_MBUF, "no_mbuf", "no packet buffer left; raise --mbufs")                        \
	X(NOT_UP, "not_up", "out: the guest is not connected")                               \
	X(TX_FULL, "tx_full", "out: the receiver did not take it in time")                   \
	X(RING_FAULT, "ring_fault", "out: the guest's ring is broken; see flued's log")      \
	X(TX_REFUSED, "tx_refused", "out: the receiver refused the frame")                   \
	X(IMPAIRED, "impaired", "out: this port is told to lose some")

enum pkt_drop {
	PKT_DROP_NONE,
#define X(sym, name, help) PKT_DROP_##sym,
	PKT_DROPS(X)
#undef X
		PKT_DROP_MAX
};

/* The counter's name and what it means; NULL for PKT_DROP_NONE. Any thread. */
const char *pkt_drop_name(enum pkt_drop reason);
const char *pkt_drop_help(enum pkt_drop reason);

#endif
