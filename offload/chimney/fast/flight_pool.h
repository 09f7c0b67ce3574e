/* SPDX-License-Identifier: BSD-3-Clause */
/* What flight.c alone wants of its pool. */
#ifndef OFFLOAD_CHIMNEY_FAST_FLIGHT_POOL_H
#define OFFLOAD_CHIMNEY_FAST_FLIGHT_POOL_H

#include "offload/chimney/fast/flight.h"

/* A record for this connection: of its reserve, or of what is nobody's; or CHIM_NO_REC. Worker. */
uint32_t chim_flight_take(struct chim_pool *p, struct chim_flight *f);
void chim_flight_give(struct chim_pool *p, struct chim_flight *f, uint32_t index);

#endif
