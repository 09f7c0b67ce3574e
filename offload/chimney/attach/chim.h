/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection that flued runs, as a relay's end. Main thread. */
#ifndef OFFLOAD_CHIMNEY_ATTACH_CHIM_H
#define OFFLOAD_CHIMNEY_ATTACH_CHIM_H

#include "base/err.h"
#include "offload/chimney/attach/end.h"

struct chim_link;

/* Connects to flued's chimney socket; path NULL: the usual one. On success *link is held once.
 * 0; -ECONNREFUSED: flued does not run or takes no connections; or another negative errno. */
int att_chim_open(const char *path, struct chim_link **link, struct err *e);
void att_chim_drop(struct chim_link *link);

/* Offers the kernel's socket. On success *end is the caller's, and sock must not be used until the
 * end says -ESTALE.
 * 0; -EAGAIN: flued refuses, but may not in a moment; -EOPNOTSUPP: it refuses, e says why;
 * -ECONNRESET: it went away; or another negative errno. Nobody may use the socket meanwhile. */
int att_chim_offer(struct chim_link *link, int sock, struct att_end **end, struct err *e);

#endif
