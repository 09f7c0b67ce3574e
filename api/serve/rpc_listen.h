/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket as a file: who may connect, and what to do when the path is taken. */
#ifndef API_SERVE_RPC_LISTEN_H
#define API_SERVE_RPC_LISTEN_H

#include "base/err.h"

/* Makes a UNIX stream socket at path, mode 0660, of that group (name or number; NULL: the
 * process's), and listens. Nobody can connect before owner and mode are right. A socket at path
 * that nobody listens on, left by a crash, is replaced; one that somebody listens on is
 * -EADDRINUSE; anything else there is -EEXIST. A missing directory directly below /run is made
 * (0755), any other is -ENOENT. Returns a non-blocking descriptor or negative errno.
 * Main thread, before others start: it changes the process's umask for a moment. */
int rpc_listen(const char *path, const char *group, struct err *e);

/* The same for a socket of packets (SOCK_SEQPACKET). */
int rpc_listen_packets(const char *path, const char *group, struct err *e);

#endif
