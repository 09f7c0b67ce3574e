/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two files that read scripts share. */
#ifndef OFFLOAD_CHIMNEY_FAST_WIRE_SEGMENT_H
#define OFFLOAD_CHIMNEY_FAST_WIRE_SEGMENT_H

#include "offload/chimney/fast/wire.h"

enum { WIRE_TS_LOCAL = 5000, WIRE_TS_REMOTE = 70000 }; /* what 0 stands for in scripts */

/* The next word of the line, as a string and as a number; fails if there is none. */
char *wire_word(struct wire *w, char **rest);
uint32_t wire_number(struct wire *w, const char *s);
void wire_differ(struct wire *w, const char *what, uint32_t is, uint32_t want);

/* The rest of a line `<`: the peer sends that. round: a round follows. */
void wire_peer_sends(struct wire *w, char **rest, bool round);
/* The rest of a line `>`: the next that was sent must be that. */
void wire_engine_sent(struct wire *w, char **rest);

#endif
