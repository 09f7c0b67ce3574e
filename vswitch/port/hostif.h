/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host's side of a TAP: its network namespace, and over rtnetlink(7) its MTU, addresses and
 * state. All: main.
 */
#ifndef VSWITCH_PORT_HOSTIF_H
#define VSWITCH_PORT_HOSTIF_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Moves the calling thread into the named namespace (ip-netns(8)). Returns a descriptor of the one
 * it was in, for netns_leave(); or a negative errno with e filled. */
int netns_enter(const char *name, struct err *e);
void netns_leave(int was);

/* Which namespace the calling thread is in: as fstat(2) tells of /proc/PID/ns/net. 0 or a negative
 * errno. */
int netns_id(uint64_t *dev, uint64_t *ino);

struct hostif;

/* A netlink socket for the interface `ifname` in the thread's present namespace; it stays there.
 * NULL with e filled. */
struct hostif *hostif_open(const char *ifname, struct err *e);
void hostif_close(struct hostif *c);

unsigned int hostif_index(const struct hostif *c);

/* Reads an interface's present MTU, and its name, which somebody may have changed. By ioctl: unlike
 * rtnetlink it does not wait while another program configures interfaces. 0 or a negative errno. */
int hostif_mtu(const struct hostif *c, char name[16], uint32_t *mtu);

/* The same of an interface in the thread's namespace. */
int hostif_mtu_of(unsigned int index, char name[16], uint32_t *mtu);

/* Sets it there. 0 or a negative errno. */
int hostif_set_mtu_of(unsigned int index, uint32_t mtu);

/* One of ethtool's commands that get or set a number (struct ethtool_value). 0 or a negative errno.
 */
int hostif_ethtool_of(unsigned int index, uint32_t command, uint32_t *value);

/* Lets the interface take frames for that address too, or no longer (the entry of bridge(8)'s fdb
 * with `self`). 0, also when it is so already; or a negative errno. */
int hostif_filter_of(unsigned int index, const uint8_t mac[6], bool take);

/* 0, or a negative errno with e filled. */
int hostif_set_mtu(struct hostif *c, uint32_t mtu, struct err *e);
int hostif_set_mac(struct hostif *c, const char *mac, struct err *e);
int hostif_set_up(struct hostif *c, struct err *e);

/* Adds each prefix of a comma-separated list; one that is there already is fine. */
int hostif_add_addresses(struct hostif *c, const char *prefixes, struct err *e);

#endif
