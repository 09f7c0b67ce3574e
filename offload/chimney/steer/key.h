/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow a packet would be of: its addresses and ports, as they stand in the frame. */
#ifndef OFFLOAD_CHIMNEY_STEER_KEY_H
#define OFFLOAD_CHIMNEY_STEER_KEY_H

#include "offload/chimney/steer/flow.h"
#include "packet/parse.h"

/* Fills key from a frame of which `len` contiguous bytes of frame_len are at hand, and h with its
 * headers. false: it is no TCP segment of its own: another protocol, a fragment, with IP options or
 * extension headers, with a tag, or broken. key->bridge and key->vlan are 0. RFC 791, 8200, 9293.
 * Any thread. */
bool flow_key_of(const uint8_t *data, uint32_t len, uint32_t frame_len, struct flow_key *key,
		 struct pkt_headers *h);

/* After that was false: fills key if it is a segment nevertheless for the host's kernel, in
 * fragments of which this is the first, or behind IP options or extension headers (packet/odd.h). h
 * as flow_key_of() left it. Any thread. */
bool flow_key_of_odd(const uint8_t *data, uint32_t len, const struct pkt_headers *h,
		     struct flow_key *key);

#endif
