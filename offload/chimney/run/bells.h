/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bells (api/chim_shm.h), as a worker hears them. An application may write whatever it likes into
 * its own: at worst connections of its own are looked at for nothing. All: worker.
 */
#ifndef OFFLOAD_CHIMNEY_RUN_BELLS_H
#define OFFLOAD_CHIMNEY_RUN_BELLS_H

#include "offload/chimney/run/lane.h"

/* Tells the engine which connections of this lane were rung for. Returns how often anything was.
 * all: NULL for none. */
uint32_t chim_bells_listen(const struct chim_clients *all, const struct chim_lane *lane,
			   uint16_t worker, struct chim_engine *e, uint64_t now);

/* Tells the applications whether the worker is asleep. */
void chim_bells_sleep(const struct chim_clients *all, uint16_t worker, uint32_t asleep);

#endif
