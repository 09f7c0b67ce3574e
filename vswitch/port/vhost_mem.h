/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's memory as its rings name it: guest-physical addresses, mapped here in a few regions.
 * All: any thread, where nothing else is said.
 */
#ifndef VSWITCH_PORT_VHOST_MEM_H
#define VSWITCH_PORT_VHOST_MEM_H

#include <rte_branch_prediction.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VHOST_REGIONS_MAX = 8 };

struct vhost_region {
	uint64_t gpa;
	uint64_t size;
	uint8_t *at;
};

/* Regions do not overlap; the largest is first, because most addresses lie in it. */
struct vhost_mem {
	uint32_t n;
	struct vhost_region regions[VHOST_REGIONS_MAX];
};

/* Adds a region; more than VHOST_REGIONS_MAX, empty ones and ones that wrap around are left out. */
void vhost_mem_add(struct vhost_mem *m, uint64_t gpa, uint64_t size, uint8_t *at);

/* Adds the regions rte_vhost knows of guest `vid`, which has a memory table. 0 or -ENOMEM.
 * rte_vhost's thread. */
int vhost_mem_of(struct vhost_mem *m, int vid);

/* Do all of these bytes lie in one region? */
bool vhost_mem_holds(const struct vhost_mem *m, const void *at, uint64_t len);

/* The guest's bytes at gpa, and in *len, at most what it came with, how many of them lie there in
 * one piece (a region ends). NULL: there is no such memory. */
static inline uint8_t *vhost_mem_at(const struct vhost_mem *m, uint64_t gpa, uint32_t *len)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vhost_region *r = &m->regions[i];
		uint64_t off = gpa - r->gpa;

		if (likely(off < r->size)) {
			if (unlikely(*len > r->size - off))
				*len = (uint32_t)(r->size - off);
			return r->at + off;
		}
	}
	return NULL;
}

/* The guest's address of a byte that vhost_mem_at() found. */
static inline uint64_t vhost_mem_gpa(const struct vhost_mem *m, const void *at)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vhost_region *r = &m->regions[i];
		uint64_t off = (uintptr_t)at - (uintptr_t)r->at;

		if (off < r->size)
			return r->gpa + off;
	}
	return 0;
}

#endif
