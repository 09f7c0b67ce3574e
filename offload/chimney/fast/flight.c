/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/flight.h"

#include "offload/chimney/fast/flight_pool.h"
#include "offload/chimney/fast/seq.h"

#include <stddef.h>

static struct chim_rec *rec(const struct chim_pool *p, uint32_t i)
{
	return &p->recs[i];
}

static uint32_t rec_len(const struct chim_rec *r)
{
	return r->end - r->seq;
}

static void set_state(struct chim_flight *f, struct chim_rec *r, enum chim_rec_state state)
{
	if (r->state == CHIM_REC_SACKED)
		f->sacked -= rec_len(r);
	else if (r->state == CHIM_REC_LOST)
		f->lost -= rec_len(r);
	if (state == CHIM_REC_SACKED)
		f->sacked += rec_len(r);
	else if (state == CHIM_REC_LOST)
		f->lost += rec_len(r);
	r->state = state;
}

/* Joins the one behind i to it. */
static void join(struct chim_pool *p, struct chim_flight *f, uint32_t i)
{
	struct chim_rec *r = rec(p, i);
	uint32_t next = r->next;

	r->end = rec(p, next)->end;
	r->next = rec(p, next)->next;
	if (f->tail == next)
		f->tail = i;
	chim_flight_give(p, f, next);
}

/* Are two neighbours the same as one? Of what the peer has, times do not matter any more. */
static bool alike(const struct chim_rec *a, const struct chim_rec *b)
{
	if (a->state != b->state)
		return false;
	return a->state == CHIM_REC_SACKED ||
	       (a->sent_ns == b->sent_ns && a->retrans == b->retrans);
}

static void join_if_alike(struct chim_pool *p, struct chim_flight *f, uint32_t i)
{
	if (i != CHIM_NO_REC && rec(p, i)->next != CHIM_NO_REC &&
	    alike(rec(p, i), rec(p, rec(p, i)->next)))
		join(p, f, i);
}

/* Record r stands for what was of other's as well: as old as the younger, and of no use for
 * measuring. */
static void blur(struct chim_rec *r, const struct chim_rec *other)
{
	if (other->sent_ns > r->sent_ns)
		r->sent_ns = other->sent_ns;
	if (other->retrans > r->retrans)
		r->retrans = other->retrans;
	r->retrans += r->retrans == 0;
}

/* When there are no more records: the first two neighbours that are in the same state become one.
 * `keep` is not touched. */
static bool squeeze(struct chim_pool *p, struct chim_flight *f, uint32_t keep)
{
	uint32_t i;

	for (i = f->head; i != CHIM_NO_REC && rec(p, i)->next != CHIM_NO_REC; i = rec(p, i)->next) {
		struct chim_rec *r = rec(p, i), *next = rec(p, r->next);

		if (i == keep || r->next == keep || r->state != next->state)
			continue;
		blur(r, next);
		join(p, f, i);
		return true;
	}
	return false;
}

/* Without a record for it, what is behind seq becomes a part of the next one, if that is alike. */
static bool move_border(struct chim_pool *p, struct chim_rec *r, uint32_t seq)
{
	struct chim_rec *next = rec(p, r->next);

	if (r->next == CHIM_NO_REC || next->state != r->state)
		return false;
	next->seq = seq;
	r->end = seq;
	blur(next, r);
	return true;
}

/* Cuts record i at seq, which lies within it. The new one is the part behind. */
static bool cut(struct chim_pool *p, struct chim_flight *f, uint32_t i, uint32_t seq)
{
	uint32_t new = chim_flight_take(p, f);
	struct chim_rec *r = rec(p, i);

	if (new == CHIM_NO_REC && squeeze(p, f, i))
		new = chim_flight_take(p, f);
	if (new == CHIM_NO_REC)
		return move_border(p, r, seq);
	*rec(p, new) = *r;
	rec(p, new)->seq = seq;
	r->end = seq;
	r->next = new;
	if (f->tail == i)
		f->tail = new;
	return true;
}

void chim_flight_sent(struct chim_pool *p, struct chim_flight *f, uint32_t seq, uint32_t end,
		      uint64_t now, bool retrans)
{
	struct chim_rec *last = f->tail == CHIM_NO_REC ? NULL : rec(p, f->tail);
	uint32_t new;

	if (last && last->state == CHIM_REC_SENT && last->sent_ns == now &&
	    last->retrans == retrans) {
		last->end = end;
		return;
	}
	new = chim_flight_take(p, f);
	if (new == CHIM_NO_REC && squeeze(p, f, CHIM_NO_REC))
		new = chim_flight_take(p, f);
	if (new == CHIM_NO_REC) {
		/* No pair is alike, so the last but one may be in flight if the last is not. */
		set_state(f, last, CHIM_REC_SENT);
		last->end = end;
		last->sent_ns = now;
		last->retrans += last->retrans == 0;
		return;
	}
	*rec(p, new) = (struct chim_rec){
		.seq = seq, .end = end, .state = CHIM_REC_SENT, .retrans = retrans, .sent_ns = now};
	if (last)
		rec(p, f->tail)->next = new;
	else
		f->head = new;
	f->tail = new;
}

/* Record r was delivered just now. */
static void note(const struct chim_flight *f, const struct chim_rec *r, uint32_t end,
		 struct chim_delivery *d)
{
	if (r->retrans == 0) {
		if (!d->first_ns || r->sent_ns < d->first_ns)
			d->first_ns = r->sent_ns;
		if (f->fack_valid && seq_lt(r->seq, f->fack)) {
			d->reordered = true;
			d->late += end - r->seq;
		}
	} else if (r->sent_ns > d->old_ns) {
		return;
	}
	if (r->sent_ns > d->last_ns || (r->sent_ns == d->last_ns && seq_gt(end, d->last_end))) {
		d->last_ns = r->sent_ns;
		d->last_end = end;
	}
}

void chim_flight_ack(struct chim_pool *p, struct chim_flight *f, uint32_t ack,
		     struct chim_delivery *d)
{
	while (f->head != CHIM_NO_REC) {
		uint32_t i = f->head;
		struct chim_rec *r = rec(p, i);
		uint32_t end = seq_min(r->end, ack), n = end - r->seq;

		if (!seq_gt(ack, r->seq))
			break;
		if (r->state != CHIM_REC_SACKED) {
			note(f, r, end, d);
			d->acked += n;
			d->resent |= r->retrans != 0;
		} else {
			f->sacked -= n;
		}
		if (r->state == CHIM_REC_LOST)
			f->lost -= n;
		r->seq = end;
		if (r->seq != r->end)
			break;
		f->head = r->next;
		if (f->tail == i)
			f->tail = CHIM_NO_REC;
		chim_flight_give(p, f, i);
	}
	if (f->fack_valid && seq_leq(f->fack, ack))
		f->fack_valid = false;
}

void chim_flight_sack(struct chim_pool *p, struct chim_flight *f, uint32_t start, uint32_t end,
		      struct chim_delivery *d)
{
	uint32_t i, prev = CHIM_NO_REC;

	for (i = f->head; i != CHIM_NO_REC && seq_lt(rec(p, i)->seq, end);
	     prev = i, i = rec(p, i)->next) {
		struct chim_rec *r = rec(p, i);

		if (seq_leq(r->end, start) || r->state == CHIM_REC_SACKED)
			continue;
		if (seq_lt(r->seq, start)) {
			if (!cut(p, f, i, start))
				break;
			continue;
		}
		if (seq_gt(r->end, end) && !cut(p, f, i, end))
			break;
		note(f, r, r->end, d);
		d->sacked += rec_len(r);
		set_state(f, r, CHIM_REC_SACKED);
		if (prev != CHIM_NO_REC && alike(rec(p, prev), r)) {
			join(p, f, prev);
			i = prev;
		}
	}
	/* What ends where the next begins that is SACKed already. */
	join_if_alike(p, f, prev);
	if (!f->fack_valid || seq_gt(end, f->fack))
		f->fack = end;
	f->fack_valid = f->sacked > 0;
}

uint32_t chim_flight_next_lost(const struct chim_pool *p, const struct chim_flight *f,
			       uint32_t from)
{
	uint32_t i = from == CHIM_NO_REC ? f->head : from;

	while (i != CHIM_NO_REC && rec(p, i)->state != CHIM_REC_LOST)
		i = rec(p, i)->next;
	return i;
}

bool chim_flight_resent(struct chim_pool *p, struct chim_flight *f, uint32_t i, uint32_t bytes,
			uint64_t now)
{
	struct chim_rec *r = rec(p, i);

	if (bytes < rec_len(r) && !cut(p, f, i, r->seq + bytes))
		return false;
	set_state(f, r, CHIM_REC_SENT);
	r->sent_ns = now;
	r->retrans += r->retrans < UINT8_MAX;
	return true;
}

void chim_flight_relose(struct chim_flight *f, struct chim_rec *r)
{
	set_state(f, r, CHIM_REC_LOST);
}

bool chim_flight_probed(struct chim_pool *p, struct chim_flight *f, uint32_t seq, uint64_t now)
{
	uint32_t i = f->tail;

	if (i == CHIM_NO_REC || seq_lt(seq, rec(p, i)->seq))
		return false;
	if (rec(p, i)->seq != seq) {
		if (!cut(p, f, i, seq))
			return false;
		i = f->tail;
	}
	return chim_flight_resent(p, f, i, rec_len(rec(p, i)), now);
}

uint32_t chim_flight_lose_head(struct chim_pool *p, struct chim_flight *f, uint32_t bytes)
{
	uint32_t i = f->head;
	struct chim_rec *r = rec(p, i);

	if (i == CHIM_NO_REC || r->state != CHIM_REC_SENT)
		return 0;
	if (rec_len(r) > bytes)
		cut(p, f, i, r->seq + bytes);
	set_state(f, r, CHIM_REC_LOST);
	return rec_len(r);
}

void chim_flight_lose_all(struct chim_pool *p, struct chim_flight *f, bool reneged)
{
	uint32_t i;

	for (i = f->head; i != CHIM_NO_REC; i = rec(p, i)->next)
		if (reneged || rec(p, i)->state != CHIM_REC_SACKED)
			set_state(f, rec(p, i), CHIM_REC_LOST);
	if (reneged)
		f->fack_valid = false;
}

uint32_t chim_flight_rack(struct chim_pool *p, struct chim_flight *f, uint64_t sent_ns,
			  uint32_t end, uint64_t window_ns, uint64_t now, uint64_t *wait_ns)
{
	uint32_t i, lost = 0;

	*wait_ns = 0;
	for (i = f->head; i != CHIM_NO_REC; i = rec(p, i)->next) {
		struct chim_rec *r = rec(p, i);
		bool before =
			r->sent_ns < sent_ns || (r->sent_ns == sent_ns && seq_lt(r->end, end));

		/* What follows one that was sent once was sent later than it. */
		if (!before && r->retrans == 0)
			break;
		if (!before || r->state != CHIM_REC_SENT)
			continue;
		if (r->sent_ns + window_ns <= now) {
			set_state(f, r, CHIM_REC_LOST);
			lost += rec_len(r);
		} else if (r->sent_ns + window_ns - now > *wait_ns) {
			*wait_ns = r->sent_ns + window_ns - now;
		}
	}
	return lost;
}

void chim_flight_unlose(struct chim_pool *p, struct chim_flight *f)
{
	uint32_t i;

	for (i = f->head; i != CHIM_NO_REC; i = rec(p, i)->next)
		if (rec(p, i)->state == CHIM_REC_LOST)
			set_state(f, rec(p, i), CHIM_REC_SENT);
}
