/* SPDX-License-Identifier: BSD-3-Clause */
/* Carries a search out over something that can send echoes: sockets, or a path made up by a test.
 */
#ifndef JUMBO_PROBE_FIND_H
#define JUMBO_PROBE_FIND_H

#include "jumbo/probe/search.h"

struct probe_io {
	/* Sends one echo of that size. 0, or a negative errno that ends the search; a size too big
	 * for the way out is none: it is told like any other. */
	int (*echo)(struct probe_io *io, uint32_t size);
	/* Tells the search what has come in, until something came about `size` or it was time.
	 * last: no further echo of that size follows, so wait for as long as an answer may take.
	 * Returns how many echoes of that size were answered. */
	unsigned int (*wait)(struct probe_io *io, struct probe_search *s, uint32_t size, bool last);
};

/* Searches until nothing is left to find out. 0, or what io->echo returned. */
int probe_find(struct probe_io *io, struct probe_search *s);

#endif
