/* SPDX-License-Identifier: BSD-3-Clause */
/* A relay's life, from the time the program has its other socket. Main thread. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_SERVE_H
#define OFFLOAD_CHIMNEY_ATTACH_SERVE_H

#include "offload/chimney/attach/hold.h"
#include "offload/chimney/attach/session.h"

/* SIGTERM, SIGINT and SIGHUP wait for att_serve() from now on: a program must not be left with half
 * of what is done to it. Before the session is opened. */
void att_hold_signals(void);

/* Moves bytes until the connection ends, or is given back: because somebody asked through hold, or
 * sent such a signal, or because the switch gave it back to the kernel. Closes the session. */
enum att_over att_serve(struct att_session *s, struct att_hold *hold);

#endif
