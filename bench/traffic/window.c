/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = WINDOW_FRAMES / 64 };

int window_init(struct window *w)
{
	w->next = 0;
	w->bits = calloc(WORDS, sizeof(*w->bits));
	return w->bits ? 0 : -ENOMEM;
}

void window_free(struct window *w)
{
	free(w->bits);
	w->bits = NULL;
}

void window_reset(struct window *w)
{
	w->next = 0;
	memset(w->bits, 0, WORDS * sizeof(*w->bits));
}

/* Makes room up to `seq`: what was there before belongs to frames a window ago. */
static void advance(struct window *w, uint64_t seq)
{
	if (seq - w->next >= WINDOW_FRAMES) {
		window_reset(w);
		w->next = seq;
	}
	for (uint64_t at = w->next; at <= seq; at++)
		w->bits[at / 64 % WORDS] &= ~(UINT64_C(1) << at % 64);
	w->next = seq + 1;
}

enum window_seen window_add(struct window *w, uint32_t seq)
{
	uint64_t *word = &w->bits[seq / 64 % WORDS], bit = UINT64_C(1) << seq % 64;
	enum window_seen seen = WINDOW_LATE;

	if (seq >= w->next) {
		advance(w, seq);
		seen = WINDOW_NEW;
	} else if (w->next - seq > WINDOW_FRAMES) {
		return WINDOW_OLD;
	} else if (*word & bit) {
		return WINDOW_DUPLICATE;
	}
	*word |= bit;
	return seen;
}
