/* SPDX-License-Identifier: BSD-3-Clause */
/* Which MTU is in force where, and what exceeds it. An MTU is the largest layer-3 packet, bytes. */
#ifndef JUMBO_MTU_H
#define JUMBO_MTU_H

#include <rte_mbuf.h>
#include <stdint.h>

enum {
	MTU_MIN = 576,	/* RFC 791 3.1: what every host must take */
	MTU_MAX = 9600, /* what 10GbE switches and NICs agree on for jumbo frames */
};

/* The MTU in force on a port: its own, or its bridge's when it has none (0), and never more than
 * its bridge's: a frame that crosses the bridge must fit everywhere on it. Any thread. */
uint16_t mtu_in_force(uint16_t port_mtu, uint16_t bridge_mtu);

/* The layer-3 size of the largest frame m stands for: its own, or, of a unit (TSO, USO), that of
 * one segment. l2_len (and for a unit l3_len, l4_len, tso_segsz) must be set. Worker. */
static inline uint32_t mtu_size(const struct rte_mbuf *m)
{
	if (m->ol_flags & (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG))
		return (uint32_t)m->l3_len + m->l4_len + m->tso_segsz;
	return m->pkt_len - m->l2_len;
}

#endif
