/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a packet that exceeds an MTU, on the way in and on the way out. */
#ifndef VSWITCH_L2_TOO_BIG_H
#define VSWITCH_L2_TOO_BIG_H

#include "jumbo/ptb.h"
#include "packet/stage.h"

/* What too_big() says of a packet that is followed. A stage that calls it has this list in its
 * words, from TOO_BIG_WORD on. {a}: the packet's size, {b}: the MTU told. */
enum { TOO_BIG_WORD = 1 };
#define TOO_BIG_NOT_DUE(sym, text) , "{a} bytes are too large; no answer: " text
#define TOO_BIG_WORDS                                                                        \
	"{a} bytes are too large; answered with an MTU of {b}" PTB_REASONS(TOO_BIG_NOT_DUE), \
		"{a} bytes are too large; no answer: too many already"

/* Remembers both sizes (bytes of layer 3), drops m for `reason` (PKT_DROP_MTU_IN or _MTU_OUT, on
 * the burst's port), and leaves an answer in the worker's `back` queue, where one is due, the port
 * the packet came from has `ptb` on, and not too many went before. Worker. */
void too_big(const struct pkt_stage *stage, struct pkt_burst *b, struct rte_mbuf *m, uint32_t size,
	     uint16_t limit, enum pkt_drop reason);

#endif
