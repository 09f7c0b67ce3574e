/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network namespaces that offloaded connections are in: what their kernel tells of links,
 * neighbors and routes goes to the tree. One socket to listen and two to ask, each; a namespace is
 * let go soon after its last connection. All: main.
 */
#ifndef VSWITCH_CTRL_CHIMNEY_NEWS_H
#define VSWITCH_CTRL_CHIMNEY_NEWS_H

#include "base/err.h"
#include "offload/chimney/slow/netns.h"

#include <stdint.h>
#include <sys/queue.h>

struct chimney;
struct chim_watch;
struct event;

struct chim_space {
	LIST_ENTRY(chim_space) list;
	struct chimney *chimney;
	struct chim_netns netns;
	struct chim_watch *watch;
	struct event *event;
	int rtnl;	   /* for chim_path_find_on() */
	int diag;	   /* for chim_refuse() */
	unsigned int refs; /* connections */
	uint64_t idle_ns;  /* since when there are none */
};

/* The namespace that the socket is in, with a reference more. NULL with e filled. */
struct chim_space *chimney_space_get(struct chimney *ch, int sock, struct err *e);
void chimney_space_put(struct chim_space *s);

/* That one, if a connection is there; NULL. */
struct chim_space *chimney_space_of(struct chimney *ch, const struct chim_netns *netns);

/* Lets go of those that nobody was in for a while; `all`: of every one. */
void chimney_space_sweep(struct chimney *ch, bool all);

#endif
