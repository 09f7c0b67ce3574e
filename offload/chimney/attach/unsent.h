/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a thread of a frozen process was writing when it was stopped.
 *
 * A write that has moved some of its bytes when its thread is interrupted returns that many, and
 * though every program should, not every one goes on with the rest: on a blocking socket it never
 * had to. So the rest is taken out of the program's memory, to be sent before anything the program
 * writes later, and the call returns as if it had been let through.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_UNSENT_H
#define OFFLOAD_CHIMNEY_ATTACH_UNSENT_H

#include "offload/chimney/attach/freeze.h"
#include "offload/chimney/attach/place.h"

enum { ATT_UNSENT_MAX = 64 << 20 }; /* bytes of all threads; what is longer returns short */

struct att_bytes {
	uint8_t *at;
	size_t n;
};

/* Takes the rest of every blocking write, writev, send, sendto and sendmsg on one of the places.
 * It is appended to out, which the caller frees. Without memory the call returns short. Called by
 * the thread that froze the process. */
void att_unsent(struct att_frozen *f, const struct att_places *p, struct att_bytes *out);

#endif
