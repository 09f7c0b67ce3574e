/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/wheel.h"

#include <string.h>

/* Rounded up: never early. */
static uint64_t tick_of(uint64_t due)
{
	const uint64_t part = (UINT64_C(1) << CHIM_WHEEL_SHIFT) - 1;

	return (due >> CHIM_WHEEL_SHIFT) + ((due & part) != 0);
}

/* By its due time, at the level of the highest digit in which that differs from now. */
static void put(struct chim_wheel *w, struct chim_timer *t)
{
	uint64_t tick = tick_of(t->due), differs;
	uint32_t level, digit;
	struct chim_timer **slot;

	if (tick < w->tick)
		tick = w->tick;
	differs = tick ^ w->tick;
	level = differs ? (63 - (uint32_t)__builtin_clzll(differs)) / CHIM_WHEEL_BITS : 0;
	digit = (tick >> (level * CHIM_WHEEL_BITS)) % CHIM_WHEEL_SLOTS;
	slot = &w->slot[level * CHIM_WHEEL_SLOTS + digit];
	t->next = *slot;
	t->prev = slot;
	if (t->next)
		t->next->prev = &t->next;
	*slot = t;
	w->used[level] |= UINT64_C(1) << digit;
}

static void take(struct chim_wheel *w, struct chim_timer *t)
{
	uintptr_t at = (uintptr_t)t->prev - (uintptr_t)w->slot;

	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else if (at < sizeof(w->slot)) {
		/* It was the only one of its slot. */
		uint32_t i = at / sizeof(w->slot[0]);

		w->used[i / CHIM_WHEEL_SLOTS] &= ~(UINT64_C(1) << (i % CHIM_WHEEL_SLOTS));
	}
	t->next = NULL;
	t->prev = NULL;
}

/* The earliest slot that is used; false: none is. */
static bool first(const struct chim_wheel *w, uint32_t *level, uint32_t *digit, uint64_t *tick)
{
	for (uint32_t l = 0; l < CHIM_WHEEL_LEVELS; l++) {
		uint32_t shift = l * CHIM_WHEEL_BITS;

		if (w->used[l] == 0)
			continue;
		*level = l;
		*digit = (uint32_t)__builtin_ctzll(w->used[l]);
		*tick = (w->tick >> shift >> CHIM_WHEEL_BITS << CHIM_WHEEL_BITS | *digit) << shift;
		return true;
	}
	return false;
}

/* Its time has come: its entries go where they belong, seen from there. */
static void spread(struct chim_wheel *w, uint32_t level, uint32_t digit)
{
	struct chim_timer **slot = &w->slot[level * CHIM_WHEEL_SLOTS + digit], *t = *slot;

	*slot = NULL;
	w->used[level] &= ~(UINT64_C(1) << digit);
	while (t) {
		struct chim_timer *next = t->next;

		put(w, t);
		t = next;
	}
}

void chim_wheel_init(struct chim_wheel *w, uint64_t now)
{
	memset(w, 0, sizeof(*w));
	w->tick = now >> CHIM_WHEEL_SHIFT;
}

void chim_timer_set(struct chim_wheel *w, struct chim_timer *t, uint64_t due)
{
	if (due == UINT64_MAX) {
		chim_timer_cancel(w, t);
		return;
	}
	if (t->prev && due >= t->due) {
		t->due = due; /* seen when its slot comes */
		return;
	}
	if (t->prev)
		take(w, t);
	else
		w->n++;
	t->due = due;
	put(w, t);
}

void chim_timer_cancel(struct chim_wheel *w, struct chim_timer *t)
{
	if (!t->prev)
		return;
	take(w, t);
	w->n--;
}

struct chim_timer *chim_wheel_pop(struct chim_wheel *w, uint64_t now)
{
	uint64_t end = now >> CHIM_WHEEL_SHIFT, tick;
	uint32_t level, digit;

	while (first(w, &level, &digit, &tick) && tick <= end) {
		struct chim_timer *t = w->slot[digit];

		w->tick = tick;
		if (level > 0) {
			spread(w, level, digit);
			continue;
		}
		take(w, t);
		if (tick_of(t->due) <= tick) {
			w->n--;
			return t;
		}
		put(w, t); /* it was moved later */
	}
	if (w->tick < end)
		w->tick = end;
	return NULL;
}

uint64_t chim_wheel_next(const struct chim_wheel *w)
{
	uint32_t level, digit;
	uint64_t tick;

	if (!first(w, &level, &digit, &tick) || tick > UINT64_MAX >> CHIM_WHEEL_SHIFT)
		return UINT64_MAX;
	return tick << CHIM_WHEEL_SHIFT;
}
