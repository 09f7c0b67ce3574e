/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vnet_hdr.h"

#include "packet/csum.h"
#include "packet/parse.h"
#include "packet/tail.h"

#include <errno.h>
#include <rte_byteorder.h>
#include <rte_tcp.h>
#include <rte_udp.h>
#include <string.h>

/* The sum from `start` to the end, put at start + offset: what the header asks of anyone who does
 * not know the protocol. The packet was just received and is the caller's alone. */
static int complete_here(struct rte_mbuf *m, uint32_t start, uint32_t offset)
{
	uint16_t sum;
	uint8_t *at;

	if (m->ol_flags & PKT_F_TAIL)
		return -EAGAIN;
	if (start + offset + 2 > m->data_len)
		return -EINVAL;
	sum = (uint16_t)~pkt_csum_mbuf(m, start, m->pkt_len - start, 0);
	if (sum == 0)
		sum = 0xffff;
	at = rte_pktmbuf_mtod_offset(m, uint8_t *, start + offset);
	memcpy(at, &sum, sizeof(sum));
	return 0;
}

static int segmentation(const struct virtio_net_hdr *hdr, struct rte_mbuf *m)
{
	/* virtio 1.2, 5.1.6.2: with a gso_type there is a gso_size and a checksum to complete. */
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || hdr->gso_size == 0)
		return -EINVAL;
	switch (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
		break;
	case VNET_GSO_UDP_L4:
		m->ol_flags |= RTE_MBUF_F_TX_UDP_SEG;
		break;
	default:
		return -EINVAL;
	}
	m->tso_segsz = rte_le_to_cpu_16(hdr->gso_size);
	return 0;
}

int vnet_hdr_to_mbuf(const struct virtio_net_hdr *hdr, struct rte_mbuf *m)
{
	uint32_t start = rte_le_to_cpu_16(hdr->csum_start);
	uint32_t offset = rte_le_to_cpu_16(hdr->csum_offset);
	struct pkt_headers h;

	if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE) {
		int ret = segmentation(hdr, m);

		if (ret != 0)
			return ret;
	} else if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)) {
		return 0;
	}
	if (pkt_parse(rte_pktmbuf_mtod(m, const uint8_t *),
		      RTE_MIN(m->data_len, (uint16_t)PKT_PARSE_MAX), m->pkt_len, &h) != 0)
		return -EINVAL;
	if (start == (uint32_t)h.l2_len + h.l3_len) {
		if (h.l4 == PKT_L4_TCP && offset == offsetof(struct rte_tcp_hdr, cksum)) {
			m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
			return 0;
		}
		if (h.l4 == PKT_L4_UDP && offset == offsetof(struct rte_udp_hdr, dgram_cksum)) {
			m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
			return 0;
		}
	}
	/* A unit can only be cut where its headers are understood. */
	return hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE ? complete_here(m, start, offset) : -EINVAL;
}

/* TCP's congestion-window-reduced flag stands in the unit's header; the receiver wants to be told
 * that only the first segment carries it. */
static uint8_t ecn(const struct rte_mbuf *m)
{
	uint32_t at = m->l2_len + m->l3_len + offsetof(struct rte_tcp_hdr, tcp_flags);

	return *rte_pktmbuf_mtod_offset(m, const uint8_t *, at) & RTE_TCP_CWR_FLAG
		       ? VIRTIO_NET_HDR_GSO_ECN
		       : 0;
}

void vnet_hdr_from_mbuf(const struct rte_mbuf *m, struct virtio_net_hdr *hdr)
{
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;

	memset(hdr, 0, sizeof(*hdr));
	if (l4 == 0)
		return;
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = rte_cpu_to_le_16(m->l2_len + m->l3_len);
	hdr->csum_offset = rte_cpu_to_le_16(l4 == RTE_MBUF_F_TX_TCP_CKSUM
						    ? offsetof(struct rte_tcp_hdr, cksum)
						    : offsetof(struct rte_udp_hdr, dgram_cksum));
	if (!(m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)))
		return;
	hdr->hdr_len = rte_cpu_to_le_16(m->l2_len + m->l3_len + m->l4_len);
	hdr->gso_size = rte_cpu_to_le_16(m->tso_segsz);
	if (m->ol_flags & RTE_MBUF_F_TX_UDP_SEG)
		hdr->gso_type = VNET_GSO_UDP_L4;
	else
		hdr->gso_type =
			ecn(m) | (m->ol_flags & RTE_MBUF_F_TX_IPV4 ? VIRTIO_NET_HDR_GSO_TCPV4
								   : VIRTIO_NET_HDR_GSO_TCPV6);
}
