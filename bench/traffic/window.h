/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of a stream have come: a bit each, for the newest WINDOW_FRAMES of them. Finds
 * duplicates, and frames that came after a later one (RFC 4737 type P reordering, by stream).
 * One thread at a time.
 */
#ifndef BENCH_TRAFFIC_WINDOW_H
#define BENCH_TRAFFIC_WINDOW_H

#include <stdint.h>

enum { WINDOW_FRAMES = 1 << 22 };

struct window {
	uint64_t next;	/* one above the highest place seen */
	uint64_t *bits; /* WINDOW_FRAMES of them */
};

enum window_seen {
	WINDOW_NEW,
	WINDOW_LATE,	  /* new, after one with a higher place */
	WINDOW_DUPLICATE, /* came before */
	WINDOW_OLD,	  /* so far behind that nobody knows; it is late in any case */
};

int window_init(struct window *w); /* 0 or -ENOMEM */
void window_free(struct window *w);
void window_reset(struct window *w);
enum window_seen window_add(struct window *w, uint32_t seq);

#endif
