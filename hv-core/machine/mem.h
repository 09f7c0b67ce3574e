/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's memory: one memfd, shared, mapped once, given to KVM and to vhost-user back ends in at
 * most HV_MEM_REGIONS pieces (rte_vhost takes 8).
 */
#ifndef HV_CORE_MACHINE_MEM_H
#define HV_CORE_MACHINE_MEM_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define HV_MEM_REGIONS 4

struct hv_mem_region {
	uint64_t gpa; /* guest physical address */
	uint64_t bytes;
	uint64_t offset; /* into the file */
	uint8_t *host;
};

struct hv_mem {
	int fd;
	uint64_t bytes;	     /* of all regions */
	uint64_t page_bytes; /* 4096, or that of the huge pages */
	unsigned int n;
	struct hv_mem_region region[HV_MEM_REGIONS];
	uint8_t *map;
};

/* What pieces so much memory is laid out in (layout.h). Returns how many; a pure function. */
unsigned int hv_mem_layout(uint64_t bytes, struct hv_mem_region *region);

/* Makes and maps it, not yet touched. bytes: a multiple of page_bytes, at least 2 MB.
 * page_bytes: 4096, 2 MB or 1 GB. 0; -EINVAL, or why it cannot be had (-ENOMEM: too few huge
 * pages), with the cure. Main thread. */
int hv_mem_create(struct hv_mem *m, uint64_t bytes, uint64_t page_bytes, struct err *e);
void hv_mem_destroy(struct hv_mem *m);

/* Where the guest's len bytes at gpa are; NULL when not all of them are memory of one region.
 * len 0 is valid inside a region. The guest may change what is there at any time: read a value
 * once, then check it. Any thread. */
void *hv_mem_at(const struct hv_mem *m, uint64_t gpa, uint64_t len);

/* Copies that may cross regions. 0 or -EFAULT, then nothing was copied. Any thread. */
int hv_mem_read(const struct hv_mem *m, uint64_t gpa, void *to, uint64_t len);
int hv_mem_write(const struct hv_mem *m, uint64_t gpa, const void *from, uint64_t len);

#endif
