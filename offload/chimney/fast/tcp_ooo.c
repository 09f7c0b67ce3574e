/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data behind a hole. It lies at its place in the receive ring already; here is only kept where:
 * disjoint ranges in order, records of the pool. Which of them was added to last is remembered by
 * one sequence number of each, because SACK blocks are told latest first (RFC 2018 4).
 */
#include "offload/chimney/fast/tcp.h"

static struct chim_rec *rec(const struct chim_engine *e, uint32_t i)
{
	return &e->pool.recs[i];
}

static void remember(struct chim_tcp *c, uint32_t seq)
{
	uint8_t i;

	for (i = 0; i < TCP_RECENT - 1 && c->recent[i] != seq; i++)
		;
	for (; i > 0; i--)
		c->recent[i] = c->recent[i - 1];
	c->recent[0] = seq;
}

/* Joins to range i those that begin where it ends, or before. */
static void absorb(struct chim_engine *e, struct chim_tcp *c, uint32_t i)
{
	struct chim_rec *r = rec(e, i);
	uint32_t next;

	for (next = r->next; next != CHIM_NO_REC && seq_leq(rec(e, next)->seq, r->end);
	     next = r->next) {
		r->end = seq_max(r->end, rec(e, next)->end);
		r->next = rec(e, next)->next;
		chim_pool_give(&e->pool, next);
		c->n_ooo--;
	}
}

bool chim_ooo_add(struct chim_engine *e, struct chim_tcp *c, uint32_t seq, uint32_t end)
{
	uint32_t *link = &c->ooo, new;

	while (*link != CHIM_NO_REC && seq_lt(rec(e, *link)->end, seq))
		link = &rec(e, *link)->next;
	if (*link != CHIM_NO_REC && seq_leq(rec(e, *link)->seq, end)) {
		struct chim_rec *r = rec(e, *link);

		r->seq = seq_min(r->seq, seq);
		r->end = seq_max(r->end, end);
		absorb(e, c, *link);
		remember(c, seq);
		return true;
	}
	new = c->n_ooo < TCP_OOO_RANGES ? chim_pool_take(&e->pool) : CHIM_NO_REC;
	if (new == CHIM_NO_REC)
		return false;
	*rec(e, new) = (struct chim_rec){.next = *link, .seq = seq, .end = end};
	*link = new;
	c->n_ooo++;
	remember(c, seq);
	return true;
}

uint32_t chim_ooo_join(struct chim_engine *e, struct chim_tcp *c, uint32_t nxt)
{
	while (c->ooo != CHIM_NO_REC && seq_leq(rec(e, c->ooo)->seq, nxt)) {
		uint32_t i = c->ooo;

		nxt = seq_max(nxt, rec(e, i)->end);
		c->ooo = rec(e, i)->next;
		chim_pool_give(&e->pool, i);
		c->n_ooo--;
	}
	return nxt;
}

bool chim_ooo_has(const struct chim_engine *e, const struct chim_tcp *c, uint32_t seq, uint32_t end)
{
	for (uint32_t i = c->ooo; i != CHIM_NO_REC; i = rec(e, i)->next)
		if (seq_leq(rec(e, i)->seq, seq) && seq_leq(end, rec(e, i)->end))
			return true;
	return false;
}

static bool listed(const struct chim_sack *out, uint8_t from, uint8_t n, uint32_t start)
{
	for (uint8_t i = from; i < n; i++)
		if (out[i].start == start)
			return true;
	return false;
}

uint8_t chim_ooo_blocks(const struct chim_engine *e, const struct chim_tcp *c,
			struct chim_sack *out, uint8_t max)
{
	uint8_t n = 0, from;

	if (c->has_dsack && max)
		out[n++] = c->dsack;
	from = n;
	for (uint8_t k = 0; k < TCP_RECENT && n < max; k++) {
		for (uint32_t i = c->ooo; i != CHIM_NO_REC; i = rec(e, i)->next) {
			const struct chim_rec *r = rec(e, i);

			if (seq_lt(c->recent[k], r->seq) || seq_geq(c->recent[k], r->end))
				continue;
			if (!listed(out, from, n, r->seq))
				out[n++] = (struct chim_sack){r->seq, r->end};
			break;
		}
	}
	for (uint32_t i = c->ooo; i != CHIM_NO_REC && n < max; i = rec(e, i)->next)
		if (!listed(out, from, n, rec(e, i)->seq))
			out[n++] = (struct chim_sack){rec(e, i)->seq, rec(e, i)->end};
	return n;
}

void chim_ooo_forget(struct chim_engine *e, struct chim_tcp *c)
{
	while (c->ooo != CHIM_NO_REC) {
		uint32_t i = c->ooo;

		c->ooo = rec(e, i)->next;
		chim_pool_give(&e->pool, i);
	}
	c->n_ooo = 0;
}
