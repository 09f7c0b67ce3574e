/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection of a running program, taken out of its hands and given back.
 *
 * While it is attached the program has a UNIX socket instead, and a relay of this process moves
 * the bytes. What a UNIX socket is not, the program can tell: getpeername() and getsockname() give
 * no addresses, options of TCP's are refused (EOPNOTSUPP), urgent bytes lose their mark, SO_LINGER
 * and SO_KEEPALIVE set meanwhile have no effect on the connection.
 *
 * Main thread, but for what is said to be done by threads of its own.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_SESSION_H
#define OFFLOAD_CHIMNEY_ATTACH_SESSION_H

#include "base/err.h"
#include "offload/chimney/attach/relay.h"

#include <sys/stat.h>

enum { ATT_DETACH_MS = 5000 };

struct att_session {
	pid_t pid;
	int fd; /* of the program, as it was asked for */
	int pidfd;
	int sock;		/* the kernel's socket */
	struct stat far;	/* what the program has instead */
	struct att_end *kernel; /* the kernel's socket as an end */
	struct att_relay relay;
};

/* Takes the socket that the program has as descriptor fd, and puts the relay in its place. The
 * connection's end is the kernel's socket for now.
 * 0, or a negative errno with one sentence of why not; then nothing was changed. */
int att_session_open(struct att_session *s, pid_t pid, int fd, struct err *e);

/* Puts the connection's end in place of the kernel's socket. It is the session's then, until it
 * says -ESTALE. 0 or a negative errno. */
int att_session_use(struct att_session *s, struct att_end *end);

/* Moves bytes until there is nothing to be moved, and makes the kernel's socket the end again when
 * the other one became stale. */
void att_session_pump(struct att_session *s);

/* Gives the kernel's socket back to the program, once the program has read everything that it was
 * passed. Goes on to move bytes meanwhile, at most timeout_ms.
 * 0: given back; -EAGAIN: the program does not read; or what att_swap() and the end's upload say.
 * On an error it is attached as before. */
int att_session_detach(struct att_session *s, int timeout_ms, struct err *e);

/* Ends what is left: the program, if it still has its end, sees the connection's end or a reset, as
 * relay.over says; so does the peer. */
void att_session_close(struct att_session *s);

#endif
