/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/flight_pool.h"

#include <errno.h>
#include <stdlib.h>

int chim_pool_init(struct chim_pool *p, uint32_t size)
{
	*p = (struct chim_pool){0};
	p->recs = malloc(((size_t)size + 1) * sizeof(*p->recs));
	if (!p->recs)
		return -ENOMEM;
	p->size = size;
	p->n_free = size;
	p->used_to = 1;
	return 0;
}

void chim_pool_free(struct chim_pool *p)
{
	free(p->recs);
	p->recs = NULL;
}

/* What was given back last is taken first: it is in the cache. */
static uint32_t take(struct chim_pool *p)
{
	uint32_t i = p->free_list;

	if (i != CHIM_NO_REC)
		p->free_list = p->recs[i].next;
	else
		i = p->used_to++;
	p->n_free--;
	return i;
}

uint32_t chim_pool_take(struct chim_pool *p)
{
	return p->n_free > p->promised ? take(p) : CHIM_NO_REC;
}

void chim_pool_give(struct chim_pool *p, uint32_t index)
{
	p->recs[index].next = p->free_list;
	p->free_list = index;
	p->n_free++;
}

/* As take and give, keeping count of what the connection may still want of its reserve. */
uint32_t chim_flight_take(struct chim_pool *p, struct chim_flight *f)
{
	if (f->n < CHIM_FLIGHT_RESERVE)
		p->promised--;
	else if (p->n_free <= p->promised)
		return CHIM_NO_REC;
	f->n++;
	return take(p);
}

void chim_flight_give(struct chim_pool *p, struct chim_flight *f, uint32_t index)
{
	if (--f->n < CHIM_FLIGHT_RESERVE)
		p->promised++;
	chim_pool_give(p, index);
}

bool chim_flight_init(struct chim_pool *p, struct chim_flight *f)
{
	*f = (struct chim_flight){0};
	if (p->n_free < p->promised + CHIM_FLIGHT_RESERVE)
		return false;
	p->promised += CHIM_FLIGHT_RESERVE;
	return true;
}

void chim_flight_fini(struct chim_pool *p, struct chim_flight *f)
{
	while (f->head != CHIM_NO_REC) {
		uint32_t i = f->head;

		f->head = p->recs[i].next;
		chim_flight_give(p, f, i);
	}
	p->promised -= CHIM_FLIGHT_RESERVE;
}
