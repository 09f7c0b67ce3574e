/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segmentation in software: a unit (one TCP or UDP packet up to 64 KB, with tso_segsz) becomes the
 * frames it stands for. Headers are written anew, payload is shared by reference and never copied.
 *
 * As Linux does it (net/ipv4/tcp_offload.c): CWR on the first frame only, FIN and PSH on the last
 * only, options copied, the sequence number advances by tso_segsz, the IPv4 id by one (also with DF
 * set) or not at all (PKT_FIXED_ID), IPv4 header checksum and layer 4 checksum complete. USO
 * (RTE_MBUF_F_TX_UDP_SEG): each datagram gets its own UDP length.
 *
 * In a tunnel (RTE_MBUF_F_TX_TUNNEL_VXLAN or _GENEVE, an Ethernet frame inside; lengths as DPDK
 * counts them: outer_l2_len, outer_l3_len, and l2_len from the outer UDP header to the end of the
 * inner Ethernet header) the outer headers are done as well: lengths, an IPv4 id one higher each
 * frame, and checksums. An outer UDP checksum of 0 stays 0 over IPv4, unless _OUTER_UDP_CKSUM asks
 * for one; over IPv6 there is always one.
 *
 * The headers are untrusted: the request's lengths must be those that pkt_parse() finds, within
 * PKT_PARSE_MAX bytes, and the IP and UDP lengths those of the whole unit, outside and inside. The
 * content of the checksum fields is not used, but for that 0.
 */
#ifndef OFFLOAD_TSO_LRO_TSO_SPLIT_H
#define OFFLOAD_TSO_LRO_TSO_SPLIT_H

#include <rte_mbuf.h>
#include <stdint.h>

/* How many frames m becomes; at least 1, at most PKT_FRAMES_MAX. m must carry _TCP_SEG or _UDP_SEG,
 * the lengths of its headers and tso_segsz >= PKT_SEGSZ_MIN. Worker. */
uint16_t tso_split_count(const struct rte_mbuf *m);

/* Splits m into out[0..n). header_pool: for the headers and the references; of direct mbufs, whose
 * data room holds the headers and 15 bytes. Consumes m when it
 * succeeds. Returns n; or -EINVAL (offload request does not fit the headers), -ENOMEM (no mbufs),
 * -ENOSPC (more than `cap` frames): then m is untouched and still the caller's. The frames carry no
 * offload request, and m's port, vlan_tci, packet_type and the lengths of the outermost headers.
 * Worker. */
int tso_split(struct rte_mbuf *m, struct rte_mempool *header_pool, struct rte_mbuf **out,
	      uint16_t cap);

#endif
