/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings and indices that an application shares with the engine. The application may write
 * anything into them at any time: an index is read once, believed only where it may lie, and from
 * then on the engine's copy counts. Sizes are those the host wrote before the application saw them.
 */
#include "offload/chimney/fast/tcp.h"

#include <errno.h>
#include <string.h>

static bool lied(struct chim_engine *e, struct chim_tcp *c)
{
	e->stats.hostile++;
	chim_tcp_abort(e, c, EPROTO);
	return false;
}

static void take_flags(struct chim_engine *e, struct chim_tcp *c, uint8_t flags)
{
	uint8_t changed = flags ^ c->app_flags;

	if (!changed)
		return;
	c->app_flags = flags;
	c->nodelay = flags & CHIM_APP_NODELAY;
	c->cork = flags & CHIM_APP_CORK;
	if (!c->cork)
		c->persist_due = c->corked ? NEVER : c->persist_due;
	c->corked = c->corked && c->cork;
	if (changed & CHIM_APP_KEEPALIVE) {
		c->keepalive = flags & CHIM_APP_KEEPALIVE;
		chim_tcp_timer_keep(e, c);
	}
	/* Neither can be taken back. */
	if (flags & CHIM_APP_SHUT_RD && !c->discard) {
		c->discard = true;
		c->rcv_tail = c->rcv_head;
	}
}

bool chim_rings_take(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_shm *shm = c->shm;
	uint64_t head, tail;
	uint8_t flags;

	if (c->orphan)
		return true;
	/* Flags first: what was written before SHUT_WR was set is seen with it. */
	flags = (uint8_t)atomic_load_explicit(&shm->app_flags, memory_order_acquire);
	head = atomic_load_explicit(&shm->snd_head, memory_order_acquire);
	tail = atomic_load_explicit(&shm->rcv_tail, memory_order_acquire);
	take_flags(e, c, flags);
	if (!c->discard) {
		if (!chim_ring_tail_ok(tail, c->rcv_tail, c->rcv_said))
			return lied(e, c);
		c->rcv_tail = tail;
	}
	if (c->fin_wanted)
		return true; /* nothing can come behind the end */
	if (!chim_ring_head_ok(head, c->snd_head, c->snd_tail, c->snd_mask + 1))
		return lied(e, c);
	c->snd_head = head;
	c->fin_wanted = flags & CHIM_APP_SHUT_WR;
	return true;
}

/* Room again, worth a wake: a third of the ring, and little enough not sent. */
static bool writable(const struct chim_tcp *c)
{
	uint64_t used = c->snd_head - c->snd_tail, size = (uint64_t)c->snd_mask + 1;
	uint64_t unsent = c->snd_head - c->snd_sent;

	return used * 3 <= size * 2 && (!c->notsent_lowat || unsent < c->notsent_lowat);
}

void chim_rings_tell(struct chim_engine *e, struct chim_tcp *c)
{
	struct chim_shm *shm = c->shm;
	bool out = false;

	if (c->orphan)
		return;
	if (c->discard) {
		c->rcv_tail = c->rcv_head;
	} else if (c->rcv_said != c->rcv_head) {
		atomic_store_explicit(&shm->rcv_head, c->rcv_head, memory_order_release);
		c->rcv_said = c->rcv_head;
		chim_tcp_event(e, c, EVENT_IN);
	}
	if (c->flags_said != c->flags) {
		atomic_store_explicit(&shm->flued_flags, c->flags, memory_order_release);
		c->flags_said = c->flags;
		/* Also what it began with: the application may have gone to sleep before. */
		chim_tcp_event(e, c, EVENT_END);
	}
	if (c->snd_said != c->snd_tail) {
		atomic_store_explicit(&shm->snd_tail, c->snd_tail, memory_order_release);
		c->snd_said = c->snd_tail;
		out = true;
	}
	if (c->sent_said != c->snd_sent) {
		atomic_store_explicit(&shm->snd_sent, c->snd_sent, memory_order_release);
		c->sent_said = c->snd_sent;
		out |= c->notsent_lowat != 0;
	}
	if (out && writable(c))
		chim_tcp_event(e, c, EVENT_OUT);
}

uint32_t chim_rings_room(const struct chim_tcp *c)
{
	if (c->discard)
		return c->rcv_mask + 1;
	return c->rcv_mask + 1 - (uint32_t)(c->rcv_head - c->rcv_tail);
}

static void put_bytes(struct chim_tcp *c, uint64_t pos, const uint8_t *from, uint32_t len)
{
	uint32_t at = (uint32_t)pos & c->rcv_mask, first = c->rcv_mask + 1 - at;

	if (first > len)
		first = len;
	memcpy(c->rcv_ring + at, from, first);
	if (first < len)
		memcpy(c->rcv_ring, from + first, len - first);
}

void chim_rings_put(struct chim_tcp *c, uint64_t pos, const struct chim_seg *seg, uint32_t skip,
		    uint32_t len)
{
	for (uint16_t i = 0; i < seg->n_data && len; i++) {
		uint32_t n = (uint32_t)seg->data[i].iov_len;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		n -= skip;
		if (n > len)
			n = len;
		put_bytes(c, pos, (const uint8_t *)seg->data[i].iov_base + skip, n);
		pos += n;
		len -= n;
		skip = 0;
	}
}

uint8_t chim_rings_pieces(const struct chim_tcp *c, uint64_t pos, uint32_t len,
			  struct iovec out[CHIM_OUT_PIECES])
{
	uint32_t at = (uint32_t)pos & c->snd_mask, first = c->snd_mask + 1 - at;

	if (!len)
		return 0;
	if (first > len)
		first = len;
	out[0] = (struct iovec){c->snd_ring + at, first};
	if (first == len)
		return 1;
	out[1] = (struct iovec){c->snd_ring, len - first};
	return 2;
}
