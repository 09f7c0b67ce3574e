/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network namespace that a socket is in, which may be another than flued's. It is kept alive by
 * every socket that is in it, also by those made here. All: main.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_NETNS_H
#define OFFLOAD_CHIMNEY_SLOW_NETNS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Which namespace: device and inode of its file. */
struct chim_netns {
	uint64_t dev, ino;
};

static inline bool chim_netns_same(const struct chim_netns *a, const struct chim_netns *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* Of the socket. 0, or a negative errno: -EPERM without CAP_NET_ADMIN over it. */
int chim_netns_of(int sockfd, struct chim_netns *id, struct err *e);

/* A new socket, close-on-exec, in the namespace that sockfd is in. Where that is not this thread's,
 * a thread that lives as long makes it, so that this one never leaves its own; needs CAP_SYS_ADMIN
 * then. A descriptor or a negative errno. */
int chim_netns_socket(int sockfd, int domain, int type, int protocol, struct err *e);

#endif
