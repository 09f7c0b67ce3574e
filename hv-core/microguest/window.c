/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/window.h"

#include <string.h>

static void ahead(struct mg_window *w, uint64_t place)
{
	/* The word of next - 1 is in use already; at 0 none is. */
	uint64_t from = w->next ? (w->next - 1) / 64 + 1 : 0, to = place / 64;

	if (to >= from && to - from >= MG_WINDOW_WORDS)
		memset(w->came, 0, sizeof(w->came));
	else
		for (; from <= to; from++)
			w->came[from % MG_WINDOW_WORDS] = 0;
	w->came[to % MG_WINDOW_WORDS] |= UINT64_C(1) << place % 64;
	w->next = place + 1;
}

void mg_window_odd(struct mg_window *w, uint64_t place)
{
	uint64_t *word = &w->came[place / 64 % MG_WINDOW_WORDS], bit = UINT64_C(1) << place % 64;

	if (place >= w->next) {
		ahead(w, place);
		return;
	}
	/* Too old to know: its word stands for newer places now. */
	if ((w->next - 1) / 64 - place / 64 >= MG_WINDOW_WORDS) {
		w->reordered++;
		return;
	}
	if (*word & bit)
		w->duplicated++;
	else
		w->reordered++;
	*word |= bit;
}
