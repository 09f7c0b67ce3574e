/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Proportional Rate Reduction (RFC 6937, with the choice between its two bounds that RFC 9937
 * makes): what may be sent for each acknowledgment of a recovery, so that the window comes down to
 * ssthresh smoothly, and up to it again where more was lost. Bytes throughout.
 *
 * The caller sets cwnd = pipe + what chim_prr_ack() says, and at the recovery's end cwnd = ssthresh
 * (chim_cc_recovered()). All functions: the worker.
 */
#ifndef OFFLOAD_CHIMNEY_FAST_PRR_H
#define OFFLOAD_CHIMNEY_FAST_PRR_H

#include <stdbool.h>
#include <stdint.h>

struct chim_prr {
	uint32_t ssthresh;  /* the window to arrive at */
	uint32_t flight;    /* RecoverFS: in flight when it began; at least 1 */
	uint64_t delivered; /* since then, acknowledged or SACKed */
	uint64_t out;	    /* since then, sent, retransmissions too */
};

/* flight: snd_nxt - snd_una at the recovery's begin, less what had been SACKed by then. owed: bytes
 * that left the network before it, and for which nothing was sent yet. */
void chim_prr_start(struct chim_prr *p, uint32_t flight, uint32_t ssthresh, uint32_t owed);

/* delivered: newly acknowledged or SACKed by this one. pipe: in the network after it (RFC 6675).
 * safe: snd_una advanced and nothing more was found lost. Returns the bytes that may be sent now;
 * at least a segment while nothing was sent in this recovery, or nothing is in the network. */
uint32_t chim_prr_ack(struct chim_prr *p, uint32_t delivered, uint32_t pipe, bool safe,
		      uint32_t mss);

/* Something was sent. */
static inline void chim_prr_sent(struct chim_prr *p, uint32_t bytes)
{
	p->out += bytes;
}

#endif
