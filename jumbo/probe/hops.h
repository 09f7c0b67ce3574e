/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets stop that are too big and that nobody speaks of. */
#ifndef JUMBO_PROBE_HOPS_H
#define JUMBO_PROBE_HOPS_H

#include "jumbo/probe/sock.h"

/*
 * Sends echoes of both sizes with hop limits of 1, 2, ... A router at which the limit is used up
 * says so, and to say so it must have got the packet: the large one got that far. The small ones
 * show which routers answer at all, and how far the target is. So the large ones stop after the
 * last router that reports one, and before the next that reports small ones.
 *
 * small: a size the path carries; large: one it does not. tries: echoes of a kind and hop, at most.
 * gap_ns, wait_ns: between them, and after the last. 0 or a negative errno.
 */
int probe_hops_find(struct probe_sock *s, uint32_t small, uint32_t large, unsigned int tries,
		    uint64_t gap_ns, uint64_t wait_ns, struct probe_hops *h);

#endif
