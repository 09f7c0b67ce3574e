/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers of many connections: a hierarchical wheel (Varghese and Lauck, scheme 7). Eight levels of
 * 64 slots; a slot of the lowest is 2^18 ns wide (0.26 ms), of the next 64 times that, so that the
 * levels together cover every time there is. An entry lies at the level of the highest digit (base
 * 64) in which its time differs from the wheel's, thus the lowest level that is not empty holds
 * the earliest entry, and a bitmap of each level finds it.
 *
 * Setting, moving and cancelling cost the same however many timers there are. A timer whose
 * deadline moves later is not moved: it is looked at when its old slot comes, and moved then. So
 * a timer that every acknowledgment pushes back costs one store.
 *
 * A timer never fires early, and at most a slot of the lowest level late (as far as the wheel is
 * asked in time). Time: nanoseconds that do not go back.
 *
 * All functions: the thread that owns the wheel.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_WHEEL_H
#define OFFLOAD_CHIMNEY_FAST_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHIM_WHEEL_SHIFT = 18, /* of nanoseconds: the granularity */
	CHIM_WHEEL_BITS = 6,
	CHIM_WHEEL_SLOTS = 1 << CHIM_WHEEL_BITS,
	CHIM_WHEEL_LEVELS = 8, /* 18 + 8 * 6 >= 64 */
};

/* Part of what it is the timer of; all zero: not set. */
struct chim_timer {
	struct chim_timer *next, **prev; /* prev: what points to this one; NULL: not set */
	uint64_t due;			 /* ns; its slot may be an earlier one's */
};

struct chim_wheel {
	uint64_t tick; /* now, in slots of the lowest level; all before is done */
	uint32_t n;    /* timers that are set */
	uint64_t used[CHIM_WHEEL_LEVELS];
	struct chim_timer *slot[CHIM_WHEEL_LEVELS * CHIM_WHEEL_SLOTS];
};

/* now, ns: where it starts. Timers of an earlier time fire at once. */
void chim_wheel_init(struct chim_wheel *w, uint64_t now);

/* Sets it, or changes when it is due. due, ns; UINT64_MAX: cancels it. */
void chim_timer_set(struct chim_wheel *w, struct chim_timer *t, uint64_t due);

/* No error if it is not set. */
void chim_timer_cancel(struct chim_wheel *w, struct chim_timer *t);

static inline bool chim_timer_is_set(const struct chim_timer *t)
{
	return t->prev != NULL;
}

/* The next timer that is due at now, no longer set; NULL: no more. Between two calls any timer may
 * be set or cancelled; one that is set for now or earlier comes in this round, so who re-arms for
 * "at once" in a loop does not get out of it. Order: by slot, within one by chance. */
struct chim_timer *chim_wheel_pop(struct chim_wheel *w, uint64_t now);

/* When chim_wheel_pop() wants to be called next, ns; UINT64_MAX: nothing is set. May be early (by
 * what is left of a slot of the entry's level, or because the timer was moved later): then nothing
 * is due and a better answer follows. */
uint64_t chim_wheel_next(const struct chim_wheel *w);

#endif
