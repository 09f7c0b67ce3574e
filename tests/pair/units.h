/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP segments with something left to the switch: their checksum, or also to be cut into frames. A
 * stream's bytes are numbered as TCP does it, and each follows from its number.
 */
#ifndef PAIR_UNITS_H
#define PAIR_UNITS_H

#include "tests/pair/pair.h"

/* Checks a segment that came: headers, place, payload, checksum and what it may ask of the guest
 * it came to. 0, or -EBADMSG with p->err. */
int units_look(struct pair *p, const struct guest *g, const struct rte_mbuf *m);

/* Every stream sends segments with open checksums, from one byte to a whole frame. */
int units_checksums(struct pair *p, uint8_t ip_version);

/* Every stream sends units of up to 64 KB. */
int units_large(struct pair *p, uint8_t ip_version, uint16_t mss);

#endif
