/* SPDX-License-Identifier: BSD-3-Clause */
/* Which MTU is in force where, and what exceeds it. An MTU is the largest layer-3 packet, bytes. */
#ifndef JUMBO_MTU_H
#define JUMBO_MTU_H

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdint.h>

enum {
	MTU_MIN = 576,	/* RFC 791 3.1: what every host must take */
	MTU_MAX = 9600, /* what 10GbE switches and NICs agree on for jumbo frames */
};

/* The MTU in force for frames to a port: what is planned for it, and not more than its guest was
 * told by its monitor (0: nothing), which must not be sent more (virtio 1.2, 5.1.4.1). Any thread.
 */
uint16_t mtu_in_force(uint16_t planned, uint16_t guest);

/* The size of the largest frame m stands for, without its Ethernet header and the tag of the
 * bridge's own VLAN (which is not in the frame, between vlan_in and vlan_out); any other tag is
 * payload and counts. Of a unit (TSO, USO), that of one segment: its header lengths and tso_segsz
 * must be set. Worker. */
static inline uint32_t mtu_size(const struct rte_mbuf *m)
{
	if (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG))
		return (uint32_t)m->l2_len + m->l3_len + m->l4_len + m->tso_segsz -
		       RTE_ETHER_HDR_LEN;
	return m->pkt_len - RTE_ETHER_HDR_LEN;
}

#endif
