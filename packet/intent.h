/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What DPDK has no transmit flag for. A unit of TCP over IPv4 that carries pkt_fixed_id stands for
 * frames that all have its IPv4 id (RFC 6864: with DF set, a sender may leave the id as it is);
 * without it, the ids go up by one.
 */
#ifndef PACKET_INTENT_H
#define PACKET_INTENT_H

#include <stdint.h>

/* A bit of ol_flags; 0 until pkt_intent_init() was called, and then no unit has fixed ids. */
extern uint64_t pkt_fixed_id;

/* Registers the flag. 0 or a negative errno. Main, once, after rte_eal_init(). */
int pkt_intent_init(void);

#endif
