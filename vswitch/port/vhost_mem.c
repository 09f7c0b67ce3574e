/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vhost_mem.h"

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
