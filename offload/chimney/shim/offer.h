/* SPDX-License-Identifier: BSD-3-Clause */
/* When a socket is offered to flued, and what of it is remembered meanwhile. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_OFFER_H
#define OFFLOAD_CHIMNEY_SHIM_OFFER_H

#include "offload/chimney/shim/sock.h"

/* Has the time come, or were so many bytes moved, to offer it? */
bool chim_offer_due(const struct chim_sock *s);

/* Offers it, if it is connected and nobody else is in a call on it. */
void chim_offer(int fd, struct chim_sock *s);

/* What stands in the place of one that went back to the kernel: another to be offered, or NULL. */
struct chim_sock *chim_offer_again(struct chim_sock *s);

/* Of one that was not offered yet: never. */
void chim_offer_never(struct chim_sock *s);

/* One above the highest descriptor that was ever tracked. */
int chim_highest_fd(void);

/* What the kernel's socket says of itself, for a connection that begins: options, timeouts. */
void chim_offer_options(int fd, struct chim_sock *s);

/* flued's socket, opened when first needed and once a second at most. NULL: none. */
struct chim_link *chim_the_link(void);
void chim_no_link(void); /* after a fork: the link is the parent's */

#endif
