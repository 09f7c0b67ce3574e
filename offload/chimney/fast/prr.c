/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/prr.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void chim_prr_start(struct chim_prr *p, uint32_t flight, uint32_t ssthresh, uint32_t owed)
{
	*p = (struct chim_prr){
		.ssthresh = ssthresh, .flight = (uint32_t)max(flight, 1), .delivered = owed};
}

uint32_t chim_prr_ack(struct chim_prr *p, uint32_t delivered, uint32_t pipe, bool safe,
		      uint32_t mss)
{
	uint64_t may, owed;

	p->delivered += delivered;
	if (pipe > p->ssthresh) {
		/* Proportional: of what was delivered so much was to be sent by now. */
		uint64_t due = (p->delivered * p->ssthresh + p->flight - 1) / p->flight;

		may = due > p->out ? due - p->out : 0;
	} else {
		/* Up to ssthresh: as much as was delivered, and a segment more when all goes well.
		 */
		owed = p->delivered > p->out ? p->delivered - p->out : 0;
		may = min(p->ssthresh - pipe, max(owed, delivered) + (safe ? mss : 0));
	}
	/* The retransmission goes at once; and with nothing in the network nothing would come back
	 * that lets more go. */
	if (p->out == 0 || pipe == 0)
		may = max(may, mss);
	return (uint32_t)min(may, UINT32_MAX);
}
