/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a relay is found again: a socket PID.FD in /run/flue/attached, or in the folder that
 * FLUE_ATTACHED_DIR names. Who connects to it, being root or the relay's own user, asks for the
 * connection to be detached, and is answered when it is. Main thread.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_HOLD_H
#define OFFLOAD_CHIMNEY_ATTACH_HOLD_H

#include "base/err.h"

#include <sys/types.h>
#include <sys/un.h>

#define ATT_DIR "/run/flue/attached"

struct att_hold {
	int listener;
	struct sockaddr_un at;
};

/* Makes the socket. 0; -EEXIST: that descriptor is attached already; or another negative errno. */
int att_hold_open(struct att_hold *h, pid_t pid, int fd, struct err *e);
void att_hold_close(struct att_hold *h);

/* Somebody who asks, without waiting: a descriptor for the answer; -EAGAIN: nobody. */
int att_hold_asked(struct att_hold *h);
/* rc: 0 or a negative errno with e. Closes the descriptor. */
void att_hold_answer(int who, int rc, const struct err *e);

/* Asks the relay of that descriptor, and waits for its answer. 0; -ENOENT: none is attached; or
 * what the relay says. */
int att_hold_detach(pid_t pid, int fd, struct err *e);

#endif
