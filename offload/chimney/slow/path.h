/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way from a socket to its peer, as the kernel would take it: route, interface, next hop, its
 * Ethernet address, MTU. In the socket's network namespace, with its fwmark and the device it is
 * bound to. All: main; the kernel answers at once.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_PATH_H
#define OFFLOAD_CHIMNEY_SLOW_PATH_H

#include "base/err.h"
#include "offload/chimney/slow/netns.h"
#include "offload/chimney/state.h"

struct chim_found {
	struct chim_netns netns;
	uint32_t ifindex;      /* the route's */
	char ifname[16];       /* the route's */
	uint32_t port_ifindex; /* the interface that may be a port's: the same, or what a VLAN
				* interface lies on */
	char port_ifname[16];
	uint16_t vlan; /* frames through the port carry this tag; 0: none */
	struct chim_neigh neigh;
	uint16_t mtu;	   /* of the path: the least of interface, route and what was learnt */
	uint16_t link_mtu; /* of the interface */
	bool gateway;
	bool next_hop_v6;
	uint8_t next_hop[16];  /* the gateway, or the peer itself */
	enum chim_refusal why; /* of an error */
};

/* A socket for chim_path_find_on(), in sockfd's namespace, which it keeps alive. Or a negative
 * errno. */
int chim_path_open(int sockfd, struct err *e);

/* rtnl: of chim_path_open(). 0, or:
 *   -EHOSTUNREACH  out->why CHIM_REFUSE_NO_PATH: e says what stands in the way
 *   -EAGAIN        CHIM_REFUSE_NO_NEIGH: the next hop is asked for its address; try later
 *   another        CHIM_REFUSE_NO_PATH: netlink failed */
int chim_path_find_on(int rtnl, int sockfd, const struct chim_tuple *tuple, struct chim_found *out,
		      struct err *e);

/* The same with a socket for this once. */
int chim_path_find(int sockfd, const struct chim_tuple *tuple, struct chim_found *out,
		   struct err *e);

/* Has the kernel confirm or find the next hop's address, as if it had something to send. What comes
 * of it is told by a watch. 0 or negative errno. */
int chim_path_use(int rtnl, uint32_t ifindex, const uint8_t next_hop[16], bool v6);

#endif
