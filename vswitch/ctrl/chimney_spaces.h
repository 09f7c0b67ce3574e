/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Netlink sockets in the network namespaces that offered connections are in, kept for a while.
 * Making one takes a thread that enters the namespace, and each offer asks two of them. A socket
 * keeps its namespace alive, so none is kept for long. All: main.
 */
#ifndef VSWITCH_CTRL_CHIMNEY_SPACES_H
#define VSWITCH_CTRL_CHIMNEY_SPACES_H

#include "base/err.h"
#include "offload/chimney/slow/netns.h"

#include <stdbool.h>
#include <stdint.h>

enum { CHIM_SPACES = 8, CHIM_SPACE_IDLE_S = 2 };

struct chim_space {
	bool used;
	struct chim_netns id;
	int rtnl, diag; /* NETLINK_ROUTE, NETLINK_SOCK_DIAG: one request at a time */
	uint64_t asked_ns;
};

struct chim_spaces {
	struct chim_space of[CHIM_SPACES];
};

/* The namespace a socket is in; good until the next call. When there is no room the one that was
 * asked for longest ago gives way. NULL with e: a socket could not be made there. */
struct chim_space *chim_spaces_get(struct chim_spaces *s, int sock, struct err *e);

/* Its sockets are closed: after an error an answer may still be on its way. */
void chim_spaces_drop(struct chim_space *space);

/* Closes what was not asked for lately, or all. */
void chim_spaces_tidy(struct chim_spaces *s);
void chim_spaces_close(struct chim_spaces *s);

#endif
