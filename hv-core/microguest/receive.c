/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/host.h"
#include "hv-core/microguest/io.h"
#include "hv-core/microguest/load.h"

enum { AHEAD = 8, PARTS = 64, PATIENCE = 100000000 };

/* A frame as it lies in buffers. */
struct parts {
	const struct mg_came *came;
	uint32_t n, bytes; /* without the virtio header */
};

static uint8_t scratch[PARTS * 2048];

/* Copies the whole of it to one piece. */
static void gather(const struct mg_vq *q, const struct parts *p, uint8_t *to)
{
	uint32_t skip = sizeof(struct mg_net_hdr);

	for (uint32_t i = 0; i < p->n; i++, skip = 0) {
		uint32_t n = p->came[i].len - skip;

		memcpy(to, (const uint8_t *)(uintptr_t)q->addr[p->came[i].id] + skip, n);
		to += n;
	}
}

static enum mg_sum_state sum_state(const struct mg_net_hdr *hdr)
{
	if (hdr->flags & MG_HDR_NEEDS_CSUM)
		return MG_SUM_PARTIAL;
	return hdr->flags & MG_HDR_DATA_VALID ? MG_SUM_VALID : MG_SUM_THERE;
}

/* Is every byte of it right? */
static bool right(struct mg_card *c, const struct parts *p, const uint8_t *frame,
		  enum mg_seen_kind kind, const struct mg_seen *seen)
{
	if (p->n > 1) {
		if (p->bytes > sizeof(scratch))
			return false;
		gather(&c->rx, p, scratch);
		frame = scratch;
	}
	if (kind == MG_SEEN_PIECE)
		return mg_piece_right(frame, seen);
	return mg_frame_right(frame, p->bytes, sum_state(mg_card_hdr(&c->rx, p->came[0].id)));
}

static void is_ready(struct mg_card *c, uint32_t flow)
{
	uint64_t bit = UINT64_C(1) << flow % 64;

	if (!c->answered || flow >= c->flows || c->answered[flow / 64] & bit)
		return;
	c->answered[flow / 64] |= bit;
	c->ready++;
}

/* Was the frame sent to this card's address, of that flow? */
static bool to_us(const struct mg_card *c, const uint8_t *frame, uint32_t flow)
{
	uint32_t low, own;

	memcpy(&low, frame + 2, 4);
	memcpy(&own, c->mac + 2, 4);
	return frame[0] == c->mac[0] && frame[1] == c->mac[1] &&
	       low == (own ^ __builtin_bswap32(flow));
}

static void take_peer(struct mg_card *c, const struct mg_sig *sig)
{
	if (c->peer.known && c->peer.run == sig->run && c->peer.stream == sig->stream)
		return;
	c->peer = (struct mg_peer){.known = true, .run = sig->run, .stream = sig->stream};
	/* Its places begin anew. */
	c->window.next = 0;
	memset(c->window.came, 0, sizeof(c->window.came));
}

/* A hello, or the answer to one. */
static void meet(struct mg_guest *g, struct mg_card *c, const uint8_t *frame,
		 const struct mg_sig *sig)
{
	bool own = sig->run == g->run && sig->stream == c->index;
	uint8_t *to;

	if (!to_us(c, frame, sig->place) || (sig->kind == MG_READY && !own)) {
		c->count.stray++;
		return;
	}
	if (own) {
		/* Our own hello came back: there is a reflector, and what we send will come here.
		 */
		if (sig->kind == MG_HELLO)
			take_peer(c, sig);
		is_ready(c, sig->place);
		return;
	}
	take_peer(c, sig);
	to = mg_card_small(c);
	if (!to)
		return; /* it will be asked again */
	mg_frame_answer(frame, to);
	mg_vq_give(&c->tx, 1);
}

static inline void account(struct mg_guest *g, struct mg_card *c, const struct parts *p,
			   uint64_t now)
{
	const uint8_t *frame = mg_card_frame(&c->rx, p->came[0].id);
	struct mg_seen seen;
	enum mg_seen_kind kind = mg_frame_parse(frame, p->bytes, &seen);

	if (__builtin_expect(kind == MG_SEEN_OTHER, 0)) {
		c->count.other++; /* the switch's own: spanning tree, announcements */
		return;
	}
	if (__builtin_expect(kind == MG_SEEN_DAMAGED, 0)) {
		c->count.corrupt++;
		return;
	}
	if (__builtin_expect(seen.sig.kind != MG_DATA, 0)) {
		meet(g, c, frame, &seen.sig);
		return;
	}
	if (!c->peer.known || seen.sig.run != c->peer.run || seen.sig.stream != c->peer.stream) {
		c->count.stray++;
		return;
	}
	if (g->conf.check && ++c->looked >= g->conf.check) {
		c->looked = 0;
		c->count.corrupt += !right(c, p, frame, kind, &seen);
	}
	c->count.bytes += p->bytes;
	if (now > c->last_rx && c->last_rx && now - c->last_rx > c->gap)
		c->gap = now - c->last_rx;
	c->last_rx = now;
	if (kind == MG_SEEN_PIECE) {
		c->count.unit_bytes += seen.payload;
		if (seen.at)
			return;
	}
	c->count.received++;
	mg_window_add(&c->window, mg_window_widen(&c->window, seen.sig.place));
	if (seen.sig.run == g->run)
		mg_hist_add(&c->latency, now > seen.sig.due ? now - seen.sig.due : 0);
}

/* Writes a copy to the k-th transmit buffer, back to where it came from; or the answer of a host.
 */
static bool reflect(struct mg_card *c, const struct parts *p, uint32_t k)
{
	struct mg_net_hdr hdr = *mg_card_hdr(&c->rx, p->came[0].id);
	const uint8_t *from = mg_card_frame(&c->rx, p->came[0].id);
	struct mg_seen seen;
	bool ours = mg_frame_parse(from, p->bytes, &seen) != MG_SEEN_OTHER;
	uint16_t id;
	uint8_t *to;

	if ((!ours && !c->is_host) || p->bytes > c->tx_bytes) {
		c->count.other++;
		return false;
	}
	c->count.received += ours;
	c->count.bytes += ours ? p->bytes : 0;
	if (mg_vq_room(&c->tx, k + 1) <= k) {
		c->count.refused++;
		return false;
	}
	id = mg_vq_next(&c->tx, k);
	to = mg_card_frame(&c->tx, id);
	gather(&c->rx, p, to);
	/* What was left to the receiver is left to the next one; what was found right is not said
	 * to the device. */
	hdr.flags &= MG_HDR_NEEDS_CSUM;
	hdr.num_buffers = 0;
	if (ours) {
		memcpy(to, from + 6, 6);
		memcpy(to + 6, from, 6);
		c->count.reflected++;
	} else if (mg_host_answer(to, p->bytes, c->mac, c->address)) {
		hdr = (struct mg_net_hdr){0};
		c->count.answered++;
	} else {
		c->count.other++;
		return false;
	}
	*mg_card_hdr(&c->tx, id) = hdr;
	mg_vq_set_len(&c->tx, id, (uint32_t)sizeof(hdr) + p->bytes);
	return true;
}

static inline void near(const struct mg_vq *q, uint16_t id)
{
	__builtin_prefetch(mg_card_hdr(q, id));
	__builtin_prefetch(mg_card_frame(q, id));
}

/* How many buffers the frame that begins with came[i] has. Those that are not there yet are on
 * their way: the device told their number. 0: they do not come. */
static uint32_t whole(struct mg_card *c, struct mg_came *came, uint32_t i, uint32_t *n)
{
	uint32_t want = 1;

	if (c->dev.features & MG_F(MG_F_MRG_RXBUF))
		want = mg_card_hdr(&c->rx, came[i].id)->num_buffers;
	if (want < 1 || want > PARTS)
		return 0;
	for (uint32_t turn = 0; *n - i < want; turn++) {
		if (turn == PATIENCE)
			return 0;
		*n += mg_vq_came(&c->rx, came + *n, want - (*n - i));
	}
	return want;
}

uint32_t mg_receive(struct mg_guest *g, struct mg_card *c)
{
	struct mg_came came[MG_BURST + PARTS];
	uint32_t n = mg_vq_came(&c->rx, came, MG_BURST), i = 0, frames = 0, back = 0;
	uint64_t now;

	if (!n)
		return 0;
	now = mg_cycles();
	for (uint32_t k = 0; k < n && k < AHEAD; k++)
		near(&c->rx, came[k].id);
	while (i < n) {
		struct parts p = {.came = &came[i], .n = whole(c, came, i, &n)};

		for (uint32_t k = 0; k < p.n; k++) {
			p.bytes += came[i + k].len;
			if (i + k + AHEAD < n)
				near(&c->rx, came[i + k + AHEAD].id);
		}
		i += p.n ? p.n : 1;
		frames++;
		if (p.bytes < sizeof(struct mg_net_hdr)) {
			c->count.corrupt++;
			continue;
		}
		p.bytes -= (uint32_t)sizeof(struct mg_net_hdr);
		if (c->reflects)
			back += reflect(c, &p, back);
		else
			account(g, c, &p, now);
	}
	mg_vq_give(&c->rx, n);
	mg_vq_give(&c->tx, back);
	if (c->reflects)
		c->last_rx = now;
	return frames;
}
