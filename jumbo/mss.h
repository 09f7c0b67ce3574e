/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lowers the maximum segment size that a TCP SYN announces to what fits an MTU, for hosts that
 * neither know the MTU nor listen to ICMP. Pure functions over a packet that is not trusted.
 */
#ifndef JUMBO_MSS_H
#define JUMBO_MSS_H

#include "packet/parse.h"

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

/* A SYN with an MSS option larger than fits. */
struct mss_syn {
	uint16_t headers; /* bytes from the frame's start to the end of the TCP header */
	uint16_t tcp_at;  /* where the TCP header begins */
	uint16_t mss;	  /* the largest that fits: MTU less 40 (IPv4) or 60 (IPv6), RFC 6691 2 */
};

/* Is m a TCP SYN (or SYN-ACK) whose MSS option exceeds what fits `mtu` (bytes, layer 3, 576 or
 * more)? Tags in m count, for they are payload of the bridge's. Without the option there is nothing
 * to lower; an option list that does not hold together is left alone. Worker. */
bool mss_too_large(const struct rte_mbuf *m, uint16_t mtu, struct mss_syn *syn);

/* Lowers it. The first syn->headers bytes must be the caller's own and contiguous
 * (pkt_own_headers()). A complete checksum is brought up to date (RFC 1624); where m asks for it to
 * be completed later, the field holds the pseudo-header's sum, which knows nothing of options, and
 * stays. Worker. */
void mss_lower(struct rte_mbuf *m, const struct mss_syn *syn);

#endif
