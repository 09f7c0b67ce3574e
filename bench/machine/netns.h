/* SPDX-License-Identifier: BSD-3-Clause */
/* Hosts made of network namespaces, named as ip-netns(8) names them. Inside a sandbox only. */
#ifndef BENCH_MACHINE_NETNS_H
#define BENCH_MACHINE_NETNS_H

#include "base/err.h"

#include <stdbool.h>

/* Makes the namespace NAME with loopback up and no duplicate address detection; or removes it. */
int netns_add(const char *name, struct err *e);
void netns_del(const char *name);

/* Runs fn(arg) with the calling process inside the namespace (setns), then goes back. Returns what
 * fn returns. For sockets: they stay in the namespace they were made in. */
int netns_do(const char *name, int (*fn)(void *arg), void *arg, struct err *e);

/* Sets offloads of an interface by the ethtool ioctl: tso+tx checksum (with gso), gro. */
int netns_offloads(const char *name, const char *ifname, bool tso, bool gro, struct err *e);

#endif
