/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VSWITCH_PORT_SOCKPATH_H
#define VSWITCH_PORT_SOCKPATH_H

#include "base/err.h"

/* Makes the path free for a new listening UNIX socket: a socket file that nobody listens on is
 * removed. 0; -EADDRINUSE (somebody listens) or -EEXIST (not a socket) with e filled. Main. */
int sockpath_clear(const char *path, struct err *e);

#endif
