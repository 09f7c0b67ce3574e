/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/unitbuf.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	SET_BYTES = 2 * 1024 * 1024, /* one huge page */
	SLABS = 8,
	SLAB_BYTES = SET_BYTES / SLABS,
};

/* The set refers to each of its slabs once, so a slab is free when nobody else does. */
struct slab {
	struct rte_mbuf_ext_shared_info shared;
	struct unitbuf *set;
	uint8_t *mem;
};

struct unitbuf {
	struct slab slabs[SLABS];
	uint8_t *mem;
	uint32_t room;
	uint32_t used; /* bytes of the current slab that are taken */
	int current;
	_Atomic int live; /* slabs somebody still refers to */
};

static void release_memory(struct unitbuf *u)
{
	munmap(u->mem, SET_BYTES);
	free(u);
}

/* The last reference to a slab is gone: the set was freed before. */
static void slab_released(void *addr, void *arg)
{
	struct slab *s = arg;
	struct unitbuf *u = s->set;

	if (atomic_fetch_sub(&u->live, 1) == 1)
		release_memory(u);
}

/* Memory of our own at an address where the kernel can give a huge page. */
static uint8_t *map_aligned(void)
{
	uint8_t *mem = mmap(NULL, 2 * SET_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *start = RTE_PTR_ALIGN(mem, SET_BYTES);

	if (mem == MAP_FAILED)
		return NULL;
	if (start != mem)
		munmap(mem, (size_t)(start - mem));
	munmap(start + SET_BYTES, SET_BYTES - (size_t)(start - mem));
	/* Without huge pages it works as well, and a little slower. */
	madvise(start, SET_BYTES, MADV_HUGEPAGE);
	return start;
}

struct unitbuf *unitbuf_new(uint32_t room)
{
	struct unitbuf *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->room = room;
	u->mem = map_aligned();
	if (!u->mem) {
		free(u);
		return NULL;
	}
	atomic_store(&u->live, SLABS);
	for (int i = 0; i < SLABS; i++) {
		struct slab *s = &u->slabs[i];

		s->set = u;
		s->mem = u->mem + (size_t)i * SLAB_BYTES;
		s->shared.free_cb = slab_released;
		s->shared.fcb_opaque = s;
		rte_mbuf_ext_refcnt_set(&s->shared, 1);
	}
	return u;
}

void unitbuf_free(struct unitbuf *u)
{
	for (int i = 0; i < SLABS; i++)
		if (rte_mbuf_ext_refcnt_update(&u->slabs[i].shared, -1) == 0)
			slab_released(u->slabs[i].mem, &u->slabs[i]);
}

uint8_t *unitbuf_place(struct unitbuf *u)
{
	struct slab *s = &u->slabs[u->current];

	if (u->used && rte_mbuf_ext_refcnt_read(&s->shared) == 1)
		u->used = 0;
	if (u->used + u->room <= SLAB_BYTES)
		return s->mem + u->used;
	for (int i = 0; i < SLABS; i++) {
		if (rte_mbuf_ext_refcnt_read(&u->slabs[i].shared) > 1)
			continue;
		u->current = i;
		u->used = 0;
		return u->slabs[i].mem;
	}
	return NULL;
}

void unitbuf_attach(struct unitbuf *u, struct rte_mbuf *m, uint16_t len)
{
	struct slab *s = &u->slabs[u->current];
	uint8_t *place = s->mem + u->used;

	rte_mbuf_ext_refcnt_update(&s->shared, 1);
	rte_pktmbuf_attach_extbuf(m, place, RTE_BAD_IOVA, (uint16_t)u->room, &s->shared);
	m->data_len = len;
	m->pkt_len = len;
	u->used = RTE_ALIGN(u->used + len, RTE_CACHE_LINE_SIZE);
}
