/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peer's FIN once more. A connection that the peer has ended cannot be given to the kernel as
 * such; it is restored as before the FIN (chim_repair_restore()), and this frame ends it: the first
 * of what the caller delivers to the interface that the socket's packets come in by, before what it
 * held. The kernel answers with an ACK, which tells the peer nothing new.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_FIN_H
#define OFFLOAD_CHIMNEY_SLOW_FIN_H

#include "offload/chimney/state.h"

#include <stddef.h>

enum { CHIM_FIN_ROOM = 14 + 40 + 32 };

/* Makes the Ethernet frame, untagged and with both checksums, in `frame` of at least CHIM_FIN_ROOM
 * bytes; returns its length. Wants s->neigh. Its TSval is s->ts_recent; where that is not known it
 * has no timestamps, which Linux accepts (RFC 7323 3.2 lets it). Pure; any thread. */
size_t chim_fin_frame(const struct chim_tcp_state *s, uint8_t frame[CHIM_FIN_ROOM]);

#endif
