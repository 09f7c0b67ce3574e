/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts another socket in the place of one that a running process has, under every descriptor and in
 * every epoll set at once: the process stands still meanwhile (some milliseconds, most of them for
 * looking through /proc), and finds the other one behind the same numbers. A call that waited for
 * the old one waits for the new one.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_SWAP_H
#define OFFLOAD_CHIMNEY_ATTACH_SWAP_H

#include "offload/chimney/attach/halves.h"

#include <sys/stat.h>

struct att_swap {
	pid_t pid;
	int pidfd;
	struct stat old; /* the socket that is there now */
	int new;	 /* what takes its place; stays the caller's too */

	/* Called while the process stands still, before and after the change. One that returns a
	 * negative errno stops it: nothing was changed then. old: a copy of the old one, closed
	 * afterwards. Each may be NULL. */
	int (*ready)(void *arg, struct att_frozen *f, const struct att_places *p, int old,
		     struct err *e);
	void (*done)(void *arg, struct att_frozen *f, const struct att_places *p);
	void *arg;
};

/* Does it. The new socket gets the old one's O_NONBLOCK, time limits and SO_RCVLOWAT first.
 * 0; what att_freeze(), att_places_find() and `ready` say; -EMFILE: the process may open no further
 * descriptor; or another negative errno. On an error the process has the old one as before. Any
 * thread, which waits; the tracing is done by a thread of its own. */
int att_swap(struct att_swap *s, struct err *e);

#endif
