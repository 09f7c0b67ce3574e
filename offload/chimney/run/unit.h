/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets of the switch, and segments of the engine: each made of the other. All: worker. */
#ifndef OFFLOAD_CHIMNEY_RUN_UNIT_H
#define OFFLOAD_CHIMNEY_RUN_UNIT_H

#include "offload/chimney/fast/engine.h"
#include "packet/burst.h"

#include <rte_mbuf.h>

/* What chim_unit_parse() fills in; pieces and options lie in the packet. */
struct chim_unit {
	struct chim_seg seg;
	struct iovec pieces[CHIM_SEG_PIECES];
};

/* A TCP packet that went through the stage `parse`. Its checksum is looked at unless the packet
 * carries the intent to have it completed, as one from this host or a guest does.
 * 0; -EBADMSG: the checksum is wrong; -EINVAL: headers that contradict each other, or a fragment;
 * -EPROTONOSUPPORT: IP options or extension headers; -E2BIG: it lies in too many pieces. */
int chim_unit_parse(struct rte_mbuf *m, struct chim_unit *u);

/* The packet that `out` stands for, with the Ethernet header eth before it. Payload that is short
 * is copied; else the packet refers to it, counted in shinfo. NULL: no mbufs. */
struct rte_mbuf *chim_unit_build(struct pkt_worker *w, const struct chim_out *out,
				 const uint8_t *eth, uint8_t eth_len,
				 struct rte_mbuf_ext_shared_info *shinfo);

/* Fills in of a frame of ours (Ethernet without tag, IPv4 or IPv6 without options, TCP) what the
 * stage `parse` would. */
void chim_unit_mark(struct rte_mbuf *m);

#endif
