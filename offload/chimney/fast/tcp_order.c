/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What came out of order, and what was one piece for whoever wrote it: counted for a policy. A
 * segment is reordered if it arrives later than one that was sent later (RFC 4737 3.3). By its
 * place alone one that was sent again looks the same, and fills holes that losses made; it has been
 * sent later than what overtook it, though, and that can be told.
 */
#include "offload/chimney/fast/tcp.h"

/* It fills a hole, all or a part of it. Was it sent before what is behind the hole? */
static bool is_reordered(const struct chim_engine *e, const struct chim_tcp *c,
			 const struct chim_opts *o)
{
	uint64_t least_ns = chim_rtt_min_us(&c->rtt) * UINT64_C(1000);

	if (c->may_ts && o->has_ts && c->high_ts_valid && o->tsval != c->high_ts)
		return seq_lt(o->tsval, c->high_ts);
	/* The peer learns of a hole from us, and what it then sends is on its way as well. */
	return e->now - c->hole_ns < least_ns;
}

void chim_tcp_order_in(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		       const struct chim_opts *o, uint32_t end)
{
	c->traffic.data_in += seg->segs;
	c->traffic.pushes_in += seg->flags & CHIM_PSH ? 1 : 0;
	if (seq_gt(end, c->high)) {
		if (seq_gt(seg->seq, c->high) && c->high == c->rcv_nxt)
			c->hole_ns = e->now;
		c->high = end;
		c->high_ts = o->tsval;
		c->high_ts_valid = o->has_ts;
	} else if (is_reordered(e, c, o)) {
		c->traffic.reordered_in += seg->segs;
		e->stats.reordered_in += seg->segs;
	}
}

void chim_tcp_order_out(struct chim_engine *e, struct chim_tcp *c, uint32_t bytes)
{
	uint32_t mss = chim_tcp_full_mss(c), segs = (bytes + mss - 1) / mss;

	c->traffic.reordered_out += segs;
	e->stats.reordered_out += segs;
}
