/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segmentation in software: a unit (one TCP or UDP packet up to 64 KB, with tso_segsz) becomes the
 * frames it stands for. Headers are written anew, payload is shared by reference and never copied.
 *
 * As Linux does it (net/ipv4/tcp_offload.c): CWR on the first frame only, FIN and PSH on the last
 * only, options copied, the sequence number advances by tso_segsz, the IPv4 id by one (also with DF
 * set; not at all where the unit carries pkt_fixed_id, packet/intent.h), IPv4 header checksum and
 * layer 4 checksum complete. USO (RTE_MBUF_F_TX_UDP_SEG): each datagram gets its own UDP length.
 *
 * The headers are untrusted: the request's lengths must be those that pkt_parse() finds, and the IP
 * (and UDP) length that of the whole unit. The checksum field's content is not used.
 */
#ifndef OFFLOAD_TSO_LRO_TSO_SPLIT_H
#define OFFLOAD_TSO_LRO_TSO_SPLIT_H

#include <rte_mbuf.h>
#include <stdint.h>

/* How many frames m becomes; at least 1, at most PKT_FRAMES_MAX. m must carry _TCP_SEG or _UDP_SEG,
 * l2_len, l3_len, l4_len and tso_segsz >= PKT_SEGSZ_MIN. Worker. */
uint16_t tso_split_count(const struct rte_mbuf *m);

/* Splits m into out[0..n). header_pool: for the headers and the references. Consumes m when it
 * succeeds. Returns n; or -EINVAL (offload request does not fit the headers), -ENOMEM (no mbufs),
 * -ENOSPC (more than `cap` frames): then m is untouched and still the caller's. The frames carry no
 * offload request, and m's port, vlan_tci, packet_type and header lengths. Worker. */
int tso_split(struct rte_mbuf *m, struct rte_mempool *header_pool, struct rte_mbuf **out,
	      uint16_t cap);

#endif
