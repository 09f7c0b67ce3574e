/* SPDX-License-Identifier: BSD-3-Clause */
/* Internet checksums (RFC 1071) over mbuf chains. */
#ifndef PACKET_CSUM_H
#define PACKET_CSUM_H

#include <rte_mbuf.h>
#include <stdint.h>
#include <string.h>

enum {
	PKT_CSUM_SHORT = 128, /* bytes; up to here the plain way is as fast as any */
};

/* A sum of 16-bit words as they lie in memory, folded to 16 bits; not inverted. Any thread. */
static inline uint16_t pkt_csum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)((sum >> 16) + (sum & 0xffff));
}

/* The sum of few bytes: the plain form, not folded and not inverted. For what may be long there is
 * pkt_csum_bytes(). Any thread. */
static inline uint64_t pkt_csum_short(const void *data, uint32_t len)
{
	const uint8_t *p = (const uint8_t *)data;
	uint64_t a = 0, b = 0;
	uint32_t word[2] = {0, 0};
	uint16_t half = 0, last = 0;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(word, p, 8);
		a += word[0];
		b += word[1];
	}
	if (len & 4) {
		memcpy(word, p, 4);
		a += word[0];
		p += 4;
	}
	if (len & 2) {
		memcpy(&half, p, 2);
		b += half;
		p += 2;
	}
	if (len & 1)
		memcpy(&last, p, 1);
	return a + b + last;
}

/* The same of any number of bytes, with the processor's vectors, folded. pkt_csum_bytes() calls it
 * where that pays. Any thread. */
uint16_t pkt_csum_long(const void *data, uint32_t len);

/* The folded, not inverted sum of len contiguous bytes; the first is the first of a word wherever
 * it lies, and behind an odd number a zero is thought. Any thread. */
static inline uint16_t pkt_csum_bytes(const void *data, uint32_t len)
{
	if (len <= PKT_CSUM_SHORT)
		return pkt_csum_fold(pkt_csum_short(data, len));
	return pkt_csum_long(data, len);
}

/* The folded, not inverted sum of `len` bytes from `offset` of the chain, plus `sum`. The byte at
 * `offset` is the first of a word, wherever it lies; what follows an odd number of bytes in the
 * next segment is swapped as RFC 1071 section 2 (B) says. The bytes must be there. Any thread. */
uint16_t pkt_csum_mbuf(const struct rte_mbuf *m, uint32_t offset, uint32_t len, uint32_t sum);

/* The pseudo-header's sum (folded, not inverted), RFC 9293 3.1 and RFC 8200 8.1: of the packet at
 * l3 (l3_len bytes of IPv4 or IPv6 headers). l4_total: bytes of the layer 4 header and payload;
 * 0 leaves the length out, as TSO wants it. proto: IPPROTO_TCP or IPPROTO_UDP. Where an IPv6
 * routing header has segments left, the destination is its last. The headers must be there, and
 * known to hold together (pkt_parse()). Any thread. */
uint16_t pkt_csum_pseudo(const uint8_t *l3, uint8_t ip_version, uint8_t proto, uint32_t l4_total);

/* Writes the TCP or UDP checksum that m->ol_flags asks for (RTE_MBUF_F_TX_TCP_CKSUM, _UDP_CKSUM),
 * and clears the request. The headers (l2_len, l3_len, l4_len) must be the caller's own
 * (pkt_own_headers()) and contiguous. A UDP sum of 0 becomes 0xffff (RFC 768).
 * 0, or -EINVAL when the lengths do not lie within the packet (nothing is written). Worker. */
int pkt_csum_complete(struct rte_mbuf *m);

#endif
