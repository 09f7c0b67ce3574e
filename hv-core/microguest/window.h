/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of a stream came: a bit for each of the latest places, so that one that comes late
 * is told from one that comes twice (reordered: RFC 4737). Pure.
 */
#ifndef HV_CORE_MICROGUEST_WINDOW_H
#define HV_CORE_MICROGUEST_WINDOW_H

#include <stdint.h>

enum { MG_WINDOW_BITS = 65536, MG_WINDOW_WORDS = MG_WINDOW_BITS / 64 };

struct mg_window {
	uint64_t next; /* one past the highest place seen */
	uint64_t reordered, duplicated;
	uint64_t
		came[MG_WINDOW_WORDS]; /* of the words from that of next - MG_WINDOW_BITS + 64 on */
};

/* All that is not simply the next one. */
void mg_window_odd(struct mg_window *w, uint64_t place);

/* The frame with this place came. One older than the window counts as reordered. */
static inline void mg_window_add(struct mg_window *w, uint64_t place)
{
	if (__builtin_expect(place != w->next || place % 64 == 0, 0)) {
		mg_window_odd(w, place);
		return;
	}
	w->came[place / 64 % MG_WINDOW_WORDS] |= UINT64_C(1) << place % 64;
	w->next++;
}

/* A place of 32 bits, as frames carry it, near the latest one seen. */
static inline uint64_t mg_window_widen(const struct mg_window *w, uint32_t place)
{
	return w->next + (uint64_t)(int64_t)(int32_t)(place - (uint32_t)w->next);
}

#endif
