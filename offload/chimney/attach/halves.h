/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a thread of a frozen process was in the midst of.
 *
 * A write that has moved some of its bytes when its thread is interrupted returns that many, and
 * though every program should, not every one goes on with the rest: on a blocking socket it never
 * had to. So the rest is taken out of the program's memory, to be sent before anything the program
 * writes later, and the call returns as if it had been let through.
 *
 * A read that waits for all it was asked for (MSG_WAITALL) returns what it has. That is taken out
 * of the program's memory too, to be read once more, and the call begins anew.
 *
 * Called by the thread that froze the process.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_HALVES_H
#define OFFLOAD_CHIMNEY_ATTACH_HALVES_H

#include "offload/chimney/attach/freeze.h"
#include "offload/chimney/attach/place.h"

enum { ATT_HALVES_MAX = 64 << 20 }; /* bytes of all threads; what is longer returns short */

struct att_bytes {
	uint8_t *at;
	size_t n;
};

/* Takes the rest of every blocking write, writev, send, sendto and sendmsg on one of the places,
 * and appends it to out, which the caller frees. Without memory the call returns short. */
void att_unsent(struct att_frozen *f, const struct att_places *p, struct att_bytes *out);

/* The same with what blocking recv, recvfrom and recvmsg calls with MSG_WAITALL have read of what
 * they want. How many bytes they want beyond that. */
size_t att_unread(struct att_frozen *f, const struct att_places *p, struct att_bytes *out);

#endif
