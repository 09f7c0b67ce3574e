/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a segment carries: payload goes straight to its place in the receive ring, whether it is in
 * order or not, and is copied nowhere else. When it is acknowledged: RFC 1122 4.2.3.2 and RFC 5681
 * 4.2 (at once if out of order or if a hole is filled, else of every second full segment, else
 * after 40 ms), RFC 2883 (what came twice), RFC 3168 6.1.3 (ECN).
 */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>

static bool may_receive(const struct chim_tcp *c)
{
	return c->phase == PHASE_ESTAB || c->phase == PHASE_FIN_WAIT_1 ||
	       c->phase == PHASE_FIN_WAIT_2;
}

static void note_size(struct chim_tcp *c, const struct chim_seg *seg)
{
	uint32_t one = seg->segs > 1 ? (seg->len + seg->segs - 1) / seg->segs : seg->len;

	if (one > c->rcv_mss)
		c->rcv_mss = one < UINT16_MAX ? (uint16_t)one : UINT16_MAX;
}

/* In-order data came: now, or later? */
static void owe_ack(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg)
{
	uint32_t segs = c->ack_segs + (uint32_t)(seg->segs ? seg->segs : 1);

	c->ack_segs = segs < UINT8_MAX ? (uint8_t)segs : UINT8_MAX;
	if (e->now - c->last_data_rcv > chim_rtt_rto_us(&c->rtt) * UINT64_C(1000)) {
		/* It may be starting anew, with a small window that grows by our answers. */
		c->quick = TCP_QUICK_ACKS;
		c->pingpong = false;
	}
	c->last_data_rcv = e->now;
	c->pushed = seg->flags & CHIM_PSH;
	if ((c->ack_segs >= 2 && c->rcv_nxt - c->rcv_wup > c->rcv_mss) ||
	    (c->quick && !c->pingpong) || c->app_flags & CHIM_APP_QUICKACK)
		chim_tcp_mark(e, c, MARK_ACK);
	else if (c->ack_due == NEVER)
		c->ack_due = e->now + TCP_DELACK_MS * NS_PER_MS;
}

static void twice(struct chim_engine *e, struct chim_tcp *c, uint32_t start, uint32_t end)
{
	c->dup_in++;
	e->stats.dup_in++;
	c->quick = TCP_QUICK_ACKS;
	if (!c->may_sack)
		return;
	c->dsack = (struct chim_sack){start, end};
	c->has_dsack = true;
}

static void in_order(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		     const struct chim_opts *o, uint32_t skip, uint32_t len)
{
	bool hole = c->n_ooo > 0;
	uint32_t nxt;

	chim_tcp_order_in(e, c, seg, o, c->rcv_nxt + len);
	chim_rings_put(c, c->rcv_head, seg, skip, len);
	nxt = c->rcv_nxt + len;
	if (hole)
		nxt = chim_ooo_join(e, c, nxt);
	c->bytes_received += nxt - c->rcv_nxt;
	e->stats.bytes_in += nxt - c->rcv_nxt;
	c->rcv_head += nxt - c->rcv_nxt;
	c->rcv_nxt = nxt;
	owe_ack(e, c, seg);
	if (hole)
		chim_tcp_mark(e, c, MARK_ACK);
}

static void out_of_order(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
			 const struct chim_opts *o, uint32_t seq, uint32_t skip, uint32_t len)
{
	if (chim_ooo_has(e, c, seq, seq + len)) {
		twice(e, c, seq, seq + len);
	} else {
		chim_tcp_order_in(e, c, seg, o, seq + len);
		c->n_ooo_in++;
		e->stats.ooo++;
	}
	if (chim_ooo_add(e, c, seq, seq + len))
		chim_rings_put(c, c->rcv_head + (seq - c->rcv_nxt), seg, skip, len);
	c->quick = TCP_QUICK_ACKS;
	c->pingpong = false;
	chim_tcp_send_ack(e, c);
}

static void payload(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		    const struct chim_opts *o)
{
	uint32_t seq = seg->seq, end = seg->seq + seg->len, skip = 0, limit,
		 room = chim_rings_room(c);

	limit = c->rcv_nxt + (seq_gt(c->rcv_edge, c->rcv_nxt) ? c->rcv_edge - c->rcv_nxt : 0);
	if (limit - c->rcv_nxt > room)
		limit = c->rcv_nxt + room;
	if (c->has_rcv_fin)
		limit = seq_min(limit, c->rcv_fin);
	note_size(c, seg);
	if (seq_lt(seq, c->rcv_nxt)) {
		twice(e, c, seq, seq_min(end, c->rcv_nxt));
		chim_tcp_mark(e, c, MARK_ACK);
		if (seq_leq(end, c->rcv_nxt))
			return;
		skip = c->rcv_nxt - seq;
		seq = c->rcv_nxt;
	}
	if (seq_gt(end, limit)) {
		/* More than was asked for: a probe of a closed window, for one. */
		chim_tcp_mark(e, c, MARK_ACK);
		if (seq_geq(seq, limit))
			return;
		end = limit;
	}
	if (seq == c->rcv_nxt)
		in_order(e, c, seg, o, skip, end - seq);
	else
		out_of_order(e, c, seg, o, seq, skip, end - seq);
}

static void ecn(struct chim_tcp *c, const struct chim_seg *seg)
{
	if (seg->flags & CHIM_CWR)
		c->ecn_demand = false;
	if ((seg->tos & 3) != CHIM_ECN_CE)
		return;
	c->ecn_marks++;
	if (!c->ecn_demand && c->quick < 2)
		c->quick = 2;
	c->ecn_demand = true;
}

void chim_tcp_data(struct chim_engine *e, struct chim_tcp *c, const struct chim_seg *seg,
		   const struct chim_opts *o)
{
	if (!may_receive(c)) {
		/* Nothing can come behind a FIN. */
		if (seq_lt(seg->seq, c->rcv_nxt)) {
			if (seg->len)
				twice(e, c, seg->seq, seq_min(seg->seq + seg->len, c->rcv_nxt));
			if (seg->flags & CHIM_FIN)
				chim_tcp_fin_again(e, c);
			chim_tcp_mark(e, c, MARK_ACK);
		}
		return;
	}
	if (c->orphan && seg->len && seq_gt(seg->seq + seg->len, c->rcv_nxt)) {
		chim_tcp_abort(e, c, ECONNRESET); /* RFC 9293 3.6.1: nobody will read it */
		return;
	}
	if (c->may_ecn)
		ecn(c, seg);
	if (seg->len)
		payload(e, c, seg, o);
	if (seg->flags & CHIM_FIN && !c->has_rcv_fin) {
		c->rcv_fin = seg->seq + seg->len;
		c->has_rcv_fin = seq_geq(c->rcv_fin, c->rcv_nxt);
	}
	if (c->has_rcv_fin && c->rcv_nxt == c->rcv_fin)
		chim_tcp_got_fin(e, c);
	else if (seg->flags & CHIM_FIN && !seg->len)
		chim_tcp_mark(e, c, MARK_ACK);
}
