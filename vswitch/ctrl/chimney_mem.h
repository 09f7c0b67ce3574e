/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory a connection shares with its application: the page, the send ring, the receive ring.
 * Sizes are as flued knows them; the page is the application's to write. All: main. */
#ifndef VSWITCH_CTRL_CHIMNEY_MEM_H
#define VSWITCH_CTRL_CHIMNEY_MEM_H

#include "base/err.h"

#include <stdint.h>

struct chimney;
struct chim_link;

/* Makes it, and the event. Room for what may be queued by the time the connection is taken, twice
 * what is now (l->facts). 0, or a negative errno with e filled. */
int chimney_mem_make(struct chim_link *l, struct err *e);

/* Of a connection just taken. The window that was announced may not shrink (RFC 9293 3.8.6): more
 * room where it is larger than what was made. 0, or a negative errno with e filled and all as it
 * was. */
int chimney_mem_fit(struct chim_link *l, struct err *e);

/* Makes some for next time. */
void chimney_refill(struct chimney *ch);

uint8_t *chimney_snd_ring(const struct chim_link *l);
uint8_t *chimney_rcv_ring(const struct chim_link *l);

#endif
