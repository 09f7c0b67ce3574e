/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One segment or unit goes out: options (RFC 7323 3, 2018 4), the window (RFC 9293 3.8.6: it does
 * not shrink, and grows by steps worth a segment), headers, pieces of the ring.
 */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>

/* What there is room for, of which rings have more than they need (their size is a power of two,
 * and what is offered here the kernel would make room for when the connection goes back: with each
 * move both would grow). In the header's units times those. */
static uint32_t window_room(const struct chim_tcp *c)
{
	uint32_t room = chim_rings_room(c), spare = c->rcv_mask + 1 - c->rcv_most,
		 most = (uint32_t)UINT16_MAX << c->rcv_wscale;

	room = room > spare ? room - spare : 0;
	if (room > most)
		room = most;
	return room & ~((1u << c->rcv_wscale) - 1);
}

uint32_t chim_tcp_window_growth(const struct chim_tcp *c)
{
	uint32_t edge = c->rcv_nxt + window_room(c);

	return seq_gt(edge, c->rcv_edge) ? edge - c->rcv_edge : 0;
}

/* For the header. grow: may move the edge. */
static uint16_t window(struct chim_tcp *c, bool grow)
{
	uint32_t growth = chim_tcp_window_growth(c), step = (c->rcv_mask + 1) / 2, wnd, field;

	if (step > c->rcv_mss)
		step = c->rcv_mss;
	if (grow && growth >= step)
		c->rcv_edge += growth;
	wnd = seq_gt(c->rcv_edge, c->rcv_nxt) ? c->rcv_edge - c->rcv_nxt : 0;
	field = wnd >> c->rcv_wscale;
	/* Rounded up, so that the edge stays; unless the ring has no room for that. */
	if (field << c->rcv_wscale < wnd && (field + 1) << c->rcv_wscale <= chim_rings_room(c))
		field++;
	if (field > UINT16_MAX)
		field = UINT16_MAX;
	c->rcv_edge = seq_max(c->rcv_edge, c->rcv_nxt + (field << c->rcv_wscale));
	return (uint16_t)field;
}

static void options(struct chim_engine *e, struct chim_tcp *c, struct chim_opts *o)
{
	o->has_ts = c->may_ts;
	o->n_sack = 0;
	if (c->may_ts) {
		o->tsval = chim_tcp_ts_now(e, c);
		o->tsecr = c->ts_recent_valid ? c->ts_recent : 0;
	}
	if (c->has_dsack || c->n_ooo)
		o->n_sack = c->may_sack ? chim_ooo_blocks(e, c, o->sack, c->may_ts ? 3 : 4) : 0;
}

/* It acknowledged everything. */
static void acknowledged(struct chim_tcp *c)
{
	c->rcv_wup = c->rcv_nxt;
	c->ack_segs = 0;
	c->ack_due = NEVER;
	c->has_dsack = false;
	c->marks &= (uint8_t)~MARK_ACK;
	c->quick -= c->quick > 0;
}

static int emit(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_unit *u,
		const struct chim_opts *o)
{
	uint32_t edge = c->rcv_edge;
	uint8_t opts[CHIM_OPTS_BYTES];
	struct chim_out out;
	/* A probe is older than what the peer has: it does not look at its window (RFC 9293
	 * 3.10.7.4), so there it is not announced. */
	bool grow = u->len || u->seq == c->snd_nxt;
	struct chim_hdr h = {.seq = u->seq,
			     .ack = c->rcv_nxt,
			     .wnd = window(c, grow),
			     .flags = u->flags | CHIM_ACK,
			     .ecn = u->ecn,
			     .ipid = c->ipid,
			     .segsz = (uint16_t)u->segsz,
			     .payload_len = u->len,
			     .opts = opts};
	uint32_t frames;
	int rc;

	if (c->ecn_demand && c->may_ecn)
		h.flags |= CHIM_ECE;
	h.opts_len = (uint8_t)chim_opts_build(o, opts);
	out.len = u->len;
	out.n_data = chim_rings_pieces(c, u->pos, u->len, out.data);
	frames = chim_hdr_build(&c->tmpl, &h, &out);
	rc = e->conf.ops->send(e->conf.ctx, c->user, &out);
	if (rc) {
		c->rcv_edge = edge; /* nobody was told */
		return rc;
	}
	c->ipid += (uint16_t)frames;
	c->segs_out += frames;
	c->bytes_sent += u->len;
	c->traffic.data_out += u->len ? frames : 0;
	e->stats.segs_out += frames;
	e->stats.units_out++;
	e->stats.bytes_out += u->len;
	return 0;
}

int chim_tcp_send(struct chim_engine *e, struct chim_tcp *c, const struct chim_tcp_unit *u)
{
	struct chim_opts o;
	int rc;

	options(e, c, &o);
	rc = emit(e, c, u, &o);
	if (rc) {
		chim_tcp_mark(e, c, MARK_OUT);
		return rc;
	}
	/* An answer within the time a delayed acknowledgment waits: more of those will come. */
	if (u->len && c->rcv_wup != c->rcv_nxt &&
	    e->now - c->last_data_rcv < TCP_DELACK_MS * NS_PER_MS)
		c->pingpong = true;
	acknowledged(c);
	c->last_snd = e->now;
	return 0;
}

int chim_tcp_send_ack(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_tcp_unit u = {.seq = c->snd_nxt};
	struct chim_opts o;
	int rc;

	options(e, c, &o);
	rc = emit(e, c, &u, &o);
	if (rc)
		chim_tcp_mark(e, c, MARK_ACK);
	else
		acknowledged(c);
	return rc;
}

void chim_tcp_send_challenge(struct chim_engine *e, struct chim_tcp *c)
{
	if (c->challenge_ns == NEVER || e->now - c->challenge_ns >= NS_PER_S) {
		c->challenge_ns = e->now;
		c->challenges = 0;
	}
	if (c->challenges >= TCP_CHALLENGES)
		return;
	c->challenges++;
	e->stats.challenge_acks++;
	chim_tcp_send_ack(e, c);
}

void chim_tcp_send_probe(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_tcp_unit u = {.seq = c->snd_una - 1};
	struct chim_opts o;

	options(e, c, &o);
	emit(e, c, &u, &o);
}

void chim_tcp_send_rst(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_tcp_unit u = {.seq = c->snd_nxt, .flags = CHIM_RST};
	struct chim_opts o;

	options(e, c, &o);
	o.n_sack = 0;
	emit(e, c, &u, &o);
}
