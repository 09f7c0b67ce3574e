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

int librte_open_family(const struct unit *u, const char *library, struct err *e)
{
	if (u->family == 4)
		return 0;
	return err_set(e, -ENOTSUP, "%s knows no TCP over IPv6; choose family 4", library);
}
