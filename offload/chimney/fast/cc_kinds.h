/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What cc.c and the kinds of congestion control share. Worker.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_CC_KINDS_H
#define OFFLOAD_CHIMNEY_FAST_CC_KINDS_H

#include "offload/chimney/fast/cc.h"

/* The unit of CUBIC's times: 1024 of them are a second, so that its cube is shifted, not divided.
 */
static inline uint32_t cc_ticks(uint64_t ns)
{
	return (uint32_t)(ns * 16 / 15625000);
}

/* RFC 9438 4.2 to 4.4: cwnd for `acked` bytes in congestion avoidance. now: ticks. */
void cc_cubic_ack(struct chim_cc *cc, uint32_t acked, uint32_t srtt_us, uint32_t now);

/* RFC 9438 4.6 and 4.7: W_max at a reduction. Returns ssthresh for a window of base bytes. */
uint32_t cc_cubic_reduce(struct chim_cc *cc, uint32_t base);

/* No round has been measured. nxt: where the first one ends. */
void cc_hystart_init(struct chim_cc *cc, uint32_t nxt);

/* An acknowledgment in the first slow start: may end it (ssthresh = cwnd) or slow it down. */
void cc_hystart_ack(struct chim_cc *cc, const struct chim_cc_ack *a);

#endif
