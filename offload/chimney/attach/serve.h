/* SPDX-License-Identifier: BSD-3-Clause */
/* A relay's life, from the time the program has its other socket. Main thread. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_SERVE_H
#define OFFLOAD_CHIMNEY_ATTACH_SERVE_H

#include "offload/chimney/attach/hold.h"
#include "offload/chimney/attach/session.h"

/* Moves bytes until the connection ends, or is given back: because somebody asked through hold, or
 * sent SIGTERM or SIGINT (which are blocked from then on), or because the switch gave it back to
 * the kernel. Closes the session. */
enum att_over att_serve(struct att_session *s, struct att_hold *hold);

#endif
