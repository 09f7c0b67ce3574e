/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A unit's headers: read and checked once, then written for each frame.
 *
 * The headers of the frames differ in a few fields only: lengths, IPv4 ids, sequence number, flags
 * and checksums. So a template is made of the unit's: those fields are 0, and the rest is summed
 * once; a frame's checksum is that sum, the fields, and the payload. The unit's own checksum fields
 * are not used: they may hold the pseudo-header's sum with or without the length, or anything. (Of
 * a tunnel's outer UDP header it is looked at whether there is one.)
 */
#ifndef OFFLOAD_TSO_LRO_TSO_UNIT_H
#define OFFLOAD_TSO_LRO_TSO_UNIT_H

#include "packet/parse.h"

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	TSO_COPY = 16,				 /* headers are copied in pieces of so many bytes */
	TSO_COPY_MAX = PKT_PARSE_MAX + TSO_COPY, /* the longest copy */
};

/* The IP and UDP header around a tunnelled unit. */
struct tso_outer {
	uint16_t l3, l4; /* where they begin */
	bool ipv4;
	bool sum; /* the UDP header has a checksum */
	uint16_t ip_id;
	uint32_t ip_sum; /* of the IPv4 header */
	/* From the UDP header on, with its pseudo-header, as far as it is the same in all frames:
	 * no lengths, and nothing from the inner layer 4 header on. */
	uint64_t l4_sum;
};

struct tso_unit {
	uint8_t hdr[TSO_COPY_MAX]; /* of each frame, with those fields 0 */
	uint16_t hdr_len;
	uint16_t l3, l4; /* where the (inner) IP header and layer 4 begin */
	bool ipv4, tcp, tunnel;
	uint8_t tcp_flags;
	uint16_t ip_id;
	uint16_t id_step; /* 1, or 0 where the id is fixed */
	uint32_t segsz;
	uint32_t payload_len;
	uint32_t seq;
	uint32_t ip_sum;     /* of the IPv4 header */
	uint32_t pseudo_sum; /* of the pseudo-header without the length */
	uint32_t l4_sum;     /* the same, and the layer 4 header */
	struct tso_outer outer;
	/* For the frames' mbufs: of the outermost headers. */
	uint64_t tx_offload;
};

/* Bytes of the unit's headers, as its mbuf says. Any thread. */
static inline uint32_t tso_hdr_len(const struct rte_mbuf *m)
{
	uint32_t len = m->l2_len + m->l3_len + m->l4_len;

	if (m->ol_flags & RTE_MBUF_F_TX_TUNNEL_MASK)
		len += m->outer_l2_len + m->outer_l3_len;
	return len;
}

/* Reads m's headers, checks them against m's request, and makes the template. 0 or -EINVAL.
 * Worker. */
int tso_unit_read(struct tso_unit *u, const struct rte_mbuf *m);

/* Writes the headers of the i-th frame, whose payload is bytes [from, from + len) of the unit's.
 * payload_sum: those bytes' sum, not folded. `to` has room for hdr_len rounded up to TSO_COPY.
 * Worker. */
void tso_unit_write(const struct tso_unit *u, uint8_t *to, uint32_t i, uint32_t from, uint32_t len,
		    uint64_t payload_sum);

#endif
