/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/io.h"
#include "hv-core/microguest/load.h"

enum { AHEAD = 4, GIVE_UP_MS = 1000 };

uint32_t mg_hello(struct mg_card *c, uint32_t flow)
{
	for (; flow < c->flows; flow++) {
		uint8_t *frame;

		if (c->answered[flow / 64] >> flow % 64 & 1)
			continue;
		frame = mg_card_small(c);
		if (!frame)
			break;
		mg_frame_prepare(&c->hello, frame);
		mg_frame_flow(&c->hello, frame, flow);
		mg_frame_fill(&c->hello, frame, MG_HELLO, flow, mg_cycles());
		mg_vq_give(&c->tx, 1);
	}
	return flow;
}

/* How many are due, at most n; the first one's time goes to *due. */
static uint32_t are_due(struct mg_card *c, uint64_t since, uint32_t n)
{
	uint64_t now = since << MG_DUE_SHIFT;
	uint32_t k = 0;

	if (c->due <= now && (now - c->due) >> MG_DUE_SHIFT > c->late)
		c->late = (now - c->due) >> MG_DUE_SHIFT;
	for (uint64_t due = c->due; k < n && due <= now; due += c->period)
		k++;
	return k;
}

/* A closed loop: so many frames are away at most. One that does not come back is given up. */
static uint64_t may_leave(const struct mg_guest *g, struct mg_card *c, uint64_t now)
{
	int64_t away = (int64_t)(c->count.sent - c->count.received - c->given_up);

	if (away < (int64_t)g->conf.window)
		return g->conf.window - (uint64_t)(away > 0 ? away : 0);
	if (now - c->last_tx < GIVE_UP_MS * g->tsc_khz)
		return 0;
	c->given_up = c->count.sent - c->count.received;
	return g->conf.window;
}

static uint32_t limited(const struct mg_guest *g, struct mg_card *c, uint32_t n, uint64_t now)
{
	uint64_t left;

	if (g->conf.count) {
		left = g->conf.count - c->count.offered;
		n = left < n ? (uint32_t)left : n;
	}
	if (g->conf.window) {
		left = may_leave(g, c, now);
		n = left < n ? (uint32_t)left : n;
	}
	return n;
}

static inline void fill(struct mg_card *c, uint16_t id, uint64_t due)
{
	uint8_t *frame = mg_card_frame(&c->tx, id);

	if (__builtin_expect(c->n_stale, 0) && c->stale[id])
		mg_card_again(c, id);
	if (c->flows > 1) {
		mg_frame_flow(&c->image, frame, c->flow);
		c->flow = c->flow + 1 == c->flows ? 0 : c->flow + 1;
	}
	if (c->image.mss)
		mg_unit_fill(&c->image, frame, c->place, due);
	else
		mg_frame_fill(&c->image, frame, MG_DATA, c->place, due);
	c->place++;
}

uint32_t mg_send(struct mg_guest *g, struct mg_card *c, uint64_t now)
{
	uint32_t n = limited(g, c, g->conf.burst, now), room;

	if (c->period)
		n = are_due(c, now - g->start, n);
	if (!n)
		return 0;
	room = mg_vq_room(&c->tx, n);
	for (uint32_t k = 0; k < room; k++) {
		uint64_t due = c->period ? g->start + (c->due >> MG_DUE_SHIFT) : now;

		if (k + AHEAD < room)
			__builtin_prefetch(mg_card_frame(&c->tx, mg_vq_next(&c->tx, k + AHEAD)), 1);
		fill(c, mg_vq_next(&c->tx, k), due);
		c->due += c->period;
	}
	mg_vq_give(&c->tx, room);
	c->last_tx = now;
	c->count.sent += room;
	/* Without a schedule the ring pushes back, and only what it took was offered. */
	if (c->period) {
		c->due += (n - room) * c->period;
		c->count.offered += n;
		c->count.refused += n - room;
		return n;
	}
	c->count.offered += room;
	return room;
}
