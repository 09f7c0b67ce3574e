/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory shared with applications (api/chim_shm.h), as flued makes it: memfds that nobody can
 * shrink, so that reading them never faults. All: main.
 */
#ifndef OFFLOAD_CHIMNEY_RUN_MEM_H
#define OFFLOAD_CHIMNEY_RUN_MEM_H

#include "api/chim_shm.h"
#include "base/err.h"

#include <stddef.h>

struct chim_mem {
	int fd; /* -1: none */
	size_t bytes;
	void *map;
};

/* A connection's: its page of control and rings of at least so many bytes, rounded up to powers of
 * two from CHIM_RING_MIN on. The constant part of the page is filled in but for conn and worker.
 * 0; -E2BIG: more than CHIM_RING_MAX; or another negative errno with e filled. */
int chim_mem_conn(struct chim_mem *m, uint32_t snd_bytes, uint32_t rcv_bytes, struct err *e);

/* An application's bells. 0, or a negative errno with e filled. */
int chim_mem_bells(struct chim_mem *m, uint32_t n_workers, struct err *e);

/* The descriptor was handed over: it is closed here, the memory stays mapped. */
void chim_mem_given(struct chim_mem *m);

/* Of a connection's: gives the rings' memory back. They stay mapped, and read as zeros. */
void chim_mem_empty(const struct chim_mem *m);

/* Unmaps and closes; one that was never made is fine. */
void chim_mem_free(struct chim_mem *m);

static inline struct chim_shm *chim_mem_shm(const struct chim_mem *m)
{
	return (struct chim_shm *)m->map;
}

#endif
