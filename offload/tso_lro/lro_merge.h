/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coalescing in software: TCP frames of one flow that follow each other become one unit, a chain of
 * their own mbufs. Nothing is copied, nothing is allocated, and nothing is held back: what came in
 * a burst goes out with it.
 *
 * LRO_REVERSIBLE: tso_split() of the unit gives back the frames, byte for byte with their
 * checksums. The rules are those of Linux' GRO (net/ipv4/tcp_offload.c), and stricter where those
 * lose something. This is for frames that may be forwarded further. LRO_RSC: Windows' rules (NDIS,
 * "Rules for Coalescing TCP/IP Segments"): the unit takes the newest acknowledgment, window and
 * timestamp, and frames of any length. What single frames said is lost, so this is only for frames
 * that are at their end point.
 *
 * Not merged in either: IP options, IPv6 extension headers, fragments, tunnels, UDP, units and open
 * checksums. Checksums of what is merged are verified before, but where the device says they are
 * good (RTE_MBUF_F_RX_L4_CKSUM_GOOD); a frame with a wrong one goes on as it came.
 * docs/offloads.md has a table of all rules.
 */
#ifndef OFFLOAD_TSO_LRO_LRO_MERGE_H
#define OFFLOAD_TSO_LRO_LRO_MERGE_H

#include "packet/merge.h"

#include <rte_mbuf.h>
#include <stdint.h>

enum {
	LRO_BURST_MAX = 128, /* frames of a call */
	LRO_SEGS_MAX = 128,  /* mbufs of a unit */
};

enum lro_mode { LRO_REVERSIBLE, LRO_RSC };

struct lro;

/* One a worker. NULL: no memory. Main. */
struct lro *lro_new(void);
void lro_free(struct lro *l); /* NULL: nothing */

/* Merges what can be merged of pkts[0..n), n <= LRO_BURST_MAX, in place. Returns how many are left.
 * A unit stands where its first frame stood, so a frame never overtakes another of its flow. It
 * carries RTE_MBUF_F_TX_TCP_SEG, _TCP_CKSUM, _IPV4 or _IPV6, header lengths and tso_segsz as
 * packet/burst.h says; its IPv4 checksum is complete, its TCP checksum the pseudo-header's sum.
 * All other packets stay as they are. Frames must be of one port, and their vlan_tci 0 or what
 * vlan_in made it. Worker. */
uint16_t lro_merge(struct lro *l, enum lro_mode mode, struct rte_mbuf **pkts, uint16_t n,
		   struct pkt_merge_counts *counts);

#endif
