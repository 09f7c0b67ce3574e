/* SPDX-License-Identifier: BSD-3-Clause */
/* Internet checksums (RFC 1071) over mbuf chains. */
#ifndef PACKET_CSUM_H
#define PACKET_CSUM_H

#include <rte_mbuf.h>
#include <stdint.h>

/* The folded, not inverted sum of `len` bytes from `offset` of the chain, plus `sum`. Bytes at odd
 * chain offsets are treated as RFC 1071 section 2 (B) says. The bytes must be there. Any thread. */
uint16_t pkt_csum_mbuf(const struct rte_mbuf *m, uint32_t offset, uint32_t len, uint32_t sum);

/* The pseudo-header's sum (folded, not inverted), RFC 9293 3.1 and RFC 8200 8.1: of the packet at
 * l3 (l3_len bytes of IPv4 or IPv6 headers). l4_total: bytes of the layer 4 header and payload;
 * 0 leaves the length out, as TSO wants it. proto: IPPROTO_TCP or IPPROTO_UDP. Any thread. */
uint16_t pkt_csum_pseudo(const uint8_t *l3, uint8_t ip_version, uint8_t proto, uint32_t l4_total);

/* Writes the TCP or UDP checksum that m->ol_flags asks for (RTE_MBUF_F_TX_TCP_CKSUM, _UDP_CKSUM),
 * and clears the request. The headers (l2_len, l3_len, l4_len) must be the caller's own
 * (pkt_own_headers()) and contiguous. A UDP sum of 0 becomes 0xffff (RFC 768).
 * 0, or -EINVAL when the lengths do not lie within the packet (nothing is written). Worker. */
int pkt_csum_complete(struct rte_mbuf *m);

#endif
