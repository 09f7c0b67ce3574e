/* SPDX-License-Identifier: BSD-3-Clause */
/* Attaching as a whole: a relay in a process of its own. Main thread, the only one. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_START_H
#define OFFLOAD_CHIMNEY_ATTACH_START_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct att_start {
	pid_t pid;
	int fd;
	const char *socket; /* flued's chimney socket; NULL: the usual one */
	bool foreground;    /* the relay is this process, until the end */
};

/* Has flued run the connection that a process has as descriptor fd. Returns when it is so; with
 * `foreground`, when it is over: ready(arg) is called in between.
 * 0; -ECONNREFUSED: there is no flued to do it; or another negative errno with why not. The program
 * has its own socket then, as before. */
int att_start(const struct att_start *a, void (*ready)(void *arg), void *arg, struct err *e);

#endif
