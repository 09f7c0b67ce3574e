/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vhost_mem.h"

#include <errno.h>
#include <rte_vhost.h>
#include <stdlib.h>

void vhost_mem_add(struct vhost_mem *m, uint64_t gpa, uint64_t size, uint8_t *at)
{
	uint32_t i;

	if (m->n == VHOST_REGIONS_MAX || size == 0 || gpa + size < gpa)
		return;
	for (i = m->n++; i > 0 && m->regions[i - 1].size < size; i--)
		m->regions[i] = m->regions[i - 1];
	m->regions[i] = (struct vhost_region){.gpa = gpa, .size = size, .at = at};
}

bool vhost_mem_holds(const struct vhost_mem *m, const void *at, uint64_t len)
{
	for (uint32_t i = 0; i < m->n; i++) {
		uint64_t off = (uintptr_t)at - (uintptr_t)m->regions[i].at;

		if (off < m->regions[i].size)
			return len <= m->regions[i].size - off;
	}
	return false;
}

int vhost_mem_of(struct vhost_mem *m, int vid)
{
	struct rte_vhost_memory *mem = NULL;

	if (rte_vhost_get_mem_table(vid, &mem) != 0 || !mem)
		return -ENOMEM;
	for (uint32_t i = 0; i < mem->nregions; i++)
		vhost_mem_add(m, mem->regions[i].guest_phys_addr, mem->regions[i].size,
			      (uint8_t *)(uintptr_t)mem->regions[i].host_user_addr);
	free(mem);
	return 0;
}
