/* SPDX-License-Identifier: BSD-3-Clause */
/* rte_ipv4_udptcp_cksum_mbuf() is not yet declared stable. */
#define ALLOW_EXPERIMENTAL_API

#include "bench/engine/ops.h"

#include <rte_ip.h>
#include <rte_tcp.h>

void librte_complete(struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, UNIT_L2);
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);

	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->cksum = 0;
	tcp->cksum = rte_ipv4_udptcp_cksum_mbuf(m, ip, UNIT_L2 + sizeof(*ip));
}

bool librte_verify(const struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip =
		rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, UNIT_L2);
	const uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	uint32_t sum;

	if ((m->ol_flags & good) == good)
		return true;
	/* Over a header with its checksum, rte_ipv4_cksum() is 0. A frame is in one piece here. */
	sum = rte_ipv4_phdr_cksum(ip, 0) +
	      rte_raw_cksum(ip + 1, rte_be_to_cpu_16(ip->total_length) - sizeof(*ip));
	return rte_ipv4_cksum(ip) == 0 && (sum & 0xffff) + (sum >> 16) == 0xffff;
}

void librte_open_sum(struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, UNIT_L2);
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);

	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	tcp->cksum = rte_ipv4_phdr_cksum(ip, 0);
}

int librte_open_family(const struct unit *u, const char *library, struct err *e)
{
	if (u->family == 4)
		return 0;
	return err_set(e, -ENOTSUP, "%s knows no TCP over IPv6; choose family 4", library);
}
