/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's TCP socket: can it be attached to, and how it is made to take much at once. Any
 * thread. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_SOCKET_H
#define OFFLOAD_CHIMNEY_ATTACH_SOCKET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Is it an established TCP connection without anything in it that only the kernel has? pid and fd:
 * for the sentence. 0; -ENOTSOCK, -EPROTOTYPE: no TCP socket; -ENOTCONN: not established;
 * -ENOTSUP. */
int att_socket_ok(int sock, pid_t pid, int fd, struct err *e);

/* The send buffer as it was. */
struct att_room {
	int bytes;
	bool fixed; /* by the program; else the kernel chooses */
	bool changed;
};

/* Makes room for n bytes more in the send buffer, as far as the caller may (CAP_NET_ADMIN). */
void att_room_make(int sock, size_t n, struct att_room *room);
void att_room_restore(int sock, const struct att_room *room);

#endif
