/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/csum.h"

#include "packet/parse.h"

#include <rte_byteorder.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

uint16_t pkt_csum_mbuf(const struct rte_mbuf *m, uint32_t offset, uint32_t len, uint32_t sum)
{
	uint64_t total = sum;
	bool odd = false;

	if (likely(offset + len <= m->data_len))
		return pkt_csum_fold(
			total +
			pkt_csum_bytes(rte_pktmbuf_mtod_offset(m, const void *, offset), len));
	while (m != NULL && offset >= m->data_len) {
		offset -= m->data_len;
		m = m->next;
	}
	for (; m != NULL && len > 0; m = m->next, offset = 0) {
		uint32_t n = RTE_MIN(len, m->data_len - offset);
		uint16_t part = pkt_csum_bytes(rte_pktmbuf_mtod_offset(m, const void *, offset), n);

		/* Behind an odd number of bytes, each byte sits in the other half of its word. */
		total += odd ? rte_bswap16(part) : part;
		odd ^= n & 1;
		len -= n;
	}
	return pkt_csum_fold(total);
}

/* The address a packet is for in the end: where a routing header still has segments left, not the
 * one in the IPv6 header (RFC 8200 8.1; RFC 8754 2: Segment List[0] is the last). */
static const uint8_t *ipv6_final_dst(const uint8_t *l3, uint8_t proto)
{
	const uint8_t *ext = l3 + 40;
	uint8_t next = l3[6];

	for (int i = 0; i < PKT_PARSE_EXT_MAX && next != proto; i++) {
		uint32_t len = (ext[1] + 1) * 8;

		switch (next) {
		case IPPROTO_ROUTING:
			if (ext[3] > 0 && len >= 24)
				return ext[2] == 4 ? ext + 8 : ext + len - 16;
			break;
		case IPPROTO_FRAGMENT:
			len = 8;
			break;
		case IPPROTO_AH:
			len = (ext[1] + 2) * 4;
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
			break;
		default:
			return l3 + 24;
		}
		next = ext[0];
		ext += len;
	}
	return l3 + 24;
}

uint16_t pkt_csum_pseudo(const uint8_t *l3, uint8_t ip_version, uint8_t proto, uint32_t l4_total)
{
	uint64_t sum = rte_cpu_to_be_16(proto);

	sum += rte_cpu_to_be_16(l4_total >> 16) + rte_cpu_to_be_16(l4_total & 0xffff);
	if (ip_version == 4) {
		sum += pkt_csum_short(l3 + 12, 8);
	} else {
		sum += pkt_csum_short(l3 + 8, 16);
		sum += pkt_csum_short(ipv6_final_dst(l3, proto), 16);
	}
	return pkt_csum_fold(sum);
}

/* Bytes of the IP packet at l3, or 0 where the header is not of that kind. */
static uint32_t l3_total(const uint8_t *l3, uint32_t l3_len, bool ipv4)
{
	if (ipv4)
		return l3_len >= 20 && l3[0] >> 4 == 4 ? pkt_be16(l3 + 2) : 0;
	return l3_len >= 40 && l3[0] >> 4 == 6 ? 40 + pkt_be16(l3 + 4) : 0;
}

int pkt_csum_complete(struct rte_mbuf *m)
{
	uint64_t want = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;
	uint32_t l4_at = m->l2_len + m->l3_len;
	bool tcp = want == RTE_MBUF_F_TX_TCP_CKSUM;
	uint32_t total, l4_total;
	uint8_t *l3, *l4;
	uint16_t sum;

	if (want == 0)
		return 0;
	if (want == RTE_MBUF_F_TX_SCTP_CKSUM ||
	    (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)) != 0)
		return -EINVAL;
	if (m->l4_len < (tcp ? 20 : 8) || l4_at + m->l4_len > m->data_len)
		return -EINVAL;

	l3 = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);
	l4 = l3 + m->l3_len;
	total = l3_total(l3, m->l3_len, (m->ol_flags & RTE_MBUF_F_TX_IPV4) != 0);
	if (total < (uint32_t)m->l3_len + m->l4_len || m->l2_len + total > m->pkt_len)
		return -EINVAL;
	l4_total = total - m->l3_len;
	if (!tcp) {
		/* What a datagram's own length leaves out, its pseudo-header does not count. */
		uint32_t datagram = pkt_be16(l4 + 4);

		if (datagram < 8 || datagram > l4_total)
			return -EINVAL;
		l4_total = datagram;
	}

	sum = ~pkt_csum_mbuf(m, l4_at, l4_total, 0);
	if (!tcp && sum == 0)
		sum = 0xffff;
	memcpy(l4 + (tcp ? 16 : 6), &sum, sizeof(sum));
	m->ol_flags &= ~RTE_MBUF_F_TX_L4_MASK;
	return 0;
}
