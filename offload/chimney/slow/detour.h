/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A way for a connection that has none. The kernel lets a connection live on without a route, an
 * interface that is up or even its own address, but connect(), by which it is given one back, wants
 * them. For that call it is shown a route over the loopback interface, which nothing is ever sent
 * by. All: main.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_DETOUR_H
#define OFFLOAD_CHIMNEY_SLOW_DETOUR_H

#include "offload/chimney/state.h"

#include <sys/socket.h>

/* connect() where it fails for want of a route. fd: closed, in repair, bound to t's local end; `to`
 * is t's remote end. 0, or a negative errno. */
int chim_detour_connect(int fd, const struct chim_tuple *t, const struct sockaddr *to,
			socklen_t len);

#endif
