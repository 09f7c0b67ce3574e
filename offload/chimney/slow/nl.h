/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtnetlink's messages about links, neighbors, routes and addresses, as far as a path is made of
 * them. The readers are pure (any thread) and believe a length only as far as the bytes reach; msg
 * must be aligned to 4.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_NL_H
#define OFFLOAD_CHIMNEY_SLOW_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHIM_NL_NAME = 16, CHIM_NL_ROOM = 16384 };

struct chim_nl_link {
	uint32_t ifindex;
	char name[CHIM_NL_NAME], kind[CHIM_NL_NAME]; /* kind: "" of hardware */
	bool ethernet, up;			     /* up: administratively and with carrier */
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t master; /* a bridge, bond or VRF that it belongs to; 0: none */
	uint32_t lower;	 /* what it lies on, in its own namespace; 0: nothing */
	uint16_t vlan;	 /* of kind "vlan": its id */
	bool vlan_8021q; /* ... of an ordinary tag */
	bool gone;	 /* RTM_DELLINK */
};

struct chim_nl_neigh {
	uint32_t ifindex;
	bool v6;
	uint8_t addr[16];
	bool usable; /* mac may be sent to */
	uint8_t mac[6];
	bool gone; /* RTM_DELNEIGH */
};

struct chim_nl_route {
	uint32_t ifindex;
	uint8_t type; /* RTN_UNICAST ... */
	bool v6;      /* the destination */
	uint8_t dst[16], dst_len;
	bool gateway, gateway_v6;
	uint8_t via[16];
	uint32_t mtu; /* metric; 0: none */
	bool encap;   /* MPLS, segment routing: more than a next hop */
	bool dead;
	bool gone; /* RTM_DELROUTE */
};

struct chim_nl_addr {
	uint32_t ifindex;
	bool v6;
	uint8_t addr[16];
	bool gone; /* RTM_DELADDR */
};

/* False: it is no such message, or damaged. */
bool chim_nl_link(const struct nlmsghdr *msg, size_t len, struct chim_nl_link *out);
bool chim_nl_neigh(const struct nlmsghdr *msg, size_t len, struct chim_nl_neigh *out);
bool chim_nl_route(const struct nlmsghdr *msg, size_t len, struct chim_nl_route *out);
bool chim_nl_addr(const struct nlmsghdr *msg, size_t len, struct chim_nl_addr *out);

/* Sends one request (not a dump) to the kernel and copies its answer to buf (of CHIM_NL_ROOM bytes;
 * the request may be in it). Returns the answer's length, 0 where it is an acknowledgement, or the
 * kernel's negative errno. Main; the kernel answers at once. */
int chim_nl_ask(int fd, struct nlmsghdr *request, void *buf);

#endif
