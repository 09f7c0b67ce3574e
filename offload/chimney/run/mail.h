/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mail between main and a worker: what is to be done about a thing, as bits, delivered at least
 * once and never lost for want of room. A thing that has mail lies in the box once, however many
 * bits are posted before it is opened.
 */
#ifndef OFFLOAD_CHIMNEY_RUN_MAIL_H
#define OFFLOAD_CHIMNEY_RUN_MAIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a thing, one for each direction. Zero: no mail. */
struct chim_mail {
	struct chim_mail *next;
	_Atomic uint32_t bits;
};

/* A stack. Any number of threads post, one takes. Zero: empty. */
struct chim_mailbox {
	_Atomic(struct chim_mail *) top;
};

/* Posts bits. True: the box was empty, so who takes from it may have to be woken. Any thread. */
static inline bool chim_mail_post(struct chim_mailbox *box, struct chim_mail *m, uint32_t bits)
{
	struct chim_mail *top;

	if (atomic_fetch_or_explicit(&m->bits, bits, memory_order_acq_rel) != 0)
		return false; /* it lies there, and will be opened after this */
	top = atomic_load_explicit(&box->top, memory_order_relaxed);
	do
		m->next = top;
	while (!atomic_compare_exchange_weak_explicit(&box->top, &top, m, memory_order_release,
						      memory_order_relaxed));
	return top == NULL;
}

/* Takes all there is, first posted first. NULL: nothing. Of each, `next` is to be read before
 * chim_mail_open(). The one thread that takes. */
static inline struct chim_mail *chim_mail_take(struct chim_mailbox *box)
{
	struct chim_mail *m, *first = NULL;

	if (atomic_load_explicit(&box->top, memory_order_relaxed) == NULL)
		return NULL;
	m = atomic_exchange_explicit(&box->top, NULL, memory_order_acquire);
	while (m) {
		struct chim_mail *next = m->next;

		m->next = first;
		first = m;
		m = next;
	}
	return first;
}

/* The bits; from here on it can be posted again. */
static inline uint32_t chim_mail_open(struct chim_mail *m)
{
	return atomic_exchange_explicit(&m->bits, 0, memory_order_acq_rel);
}

#endif
