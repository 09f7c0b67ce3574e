/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a process holds a socket: the descriptors that mean it, and the epoll sets that watch it.
 * Told from /proc, so it is true only while the process stands still. Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_PLACE_H
#define OFFLOAD_CHIMNEY_ATTACH_PLACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct att_place {
	int fd;
	int flags; /* O_CLOEXEC, and the socket's own: O_NONBLOCK ... */
};

/* An epoll set's entry for it. */
struct att_watch {
	int epfd, tfd; /* the set, and the number the socket is known by there */
	uint32_t events;
	uint64_t data;
};

struct att_places {
	struct att_place *place;
	struct att_watch *watch;
	size_t n_places, n_watches;
};

/* Can the process be attached to at all? 0; -ESRCH: there is none; -ENOTSUP: it is no 64-bit
 * program of this architecture; -EPERM: somebody traces it already; -EINVAL: the caller itself. */
int att_process_ok(pid_t pid, struct err *e);

/* Finds all places of a socket in the process. sock: what fstat(2) says of the socket.
 * 0; -ENOENT: there is none; -EMLINK: another process shares it; -ENOTSUP: something holds it that
 * nothing can be put in the place of; -ESRCH, -EACCES, -ENOMEM. On an error p is empty. */
struct stat;
int att_places_find(pid_t pid, const struct stat *sock, struct att_places *p, struct err *e);
void att_places_free(struct att_places *p);

#endif
